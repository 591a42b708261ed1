"""A client of the Paraf API: `from paraf_client.client import Client, Key`."""
