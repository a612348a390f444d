"""What users describe: frozen records in engineering units, spelled in the field names."""
