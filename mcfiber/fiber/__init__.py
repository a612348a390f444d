"""The glass: per metre; knows no power and no length."""
