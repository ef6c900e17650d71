"""MODEL_TYPE FORECAST: histories of many series, models fitted to all at once, their back-test."""
