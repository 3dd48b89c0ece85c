"""Traces for whoever collects them; the libraries for that are an extra, and are imported only where they are used."""
