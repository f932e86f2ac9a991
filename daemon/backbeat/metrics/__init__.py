"""Figures for Prometheus. prometheus_client is imported only where they are switched on."""
