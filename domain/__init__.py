"""The rules of customer credit: values in, values out."""
