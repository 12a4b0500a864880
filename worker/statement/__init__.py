"""A customer's statement as one page: values in, text out; no clock, no database, no script."""
