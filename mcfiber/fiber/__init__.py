"""The glass: per metre, no power, no length."""
