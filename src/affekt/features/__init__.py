"""Acoustic features: spectra and the cache that keeps them."""
