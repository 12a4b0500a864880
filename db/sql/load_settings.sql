SELECT DISTINCT ON (tenant) tenant, version, settings
FROM tenants WHERE tenant = ANY(%s::text[])
ORDER BY tenant, version DESC
