-- Two writers that configure a tenant at once make the same version: the later one tries again.
INSERT INTO tenants (tenant, version, settings)
SELECT tenant, version, settings::jsonb
FROM unnest(%s::text[], %s::integer[], %s::text[]) AS new (tenant, version, settings)
