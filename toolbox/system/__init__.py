"""What can be told about the platform as it runs: versions, configuration, disk, counts."""
