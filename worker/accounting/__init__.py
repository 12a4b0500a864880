"""The ledger as an accountant's tools read it. Pure: values in, text out."""
