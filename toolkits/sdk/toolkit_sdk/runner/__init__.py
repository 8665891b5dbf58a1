"""The process that toolkit code runs in. Started by the worker; speaks runner protocol 1."""
