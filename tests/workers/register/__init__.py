"""The register on paper."""
