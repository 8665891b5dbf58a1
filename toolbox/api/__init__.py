"""What every API view stands on: reading bodies, pages, conditional requests, throttles."""
