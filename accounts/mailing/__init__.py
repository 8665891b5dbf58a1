"""Mail to people about their accounts: noted with the act, sent by a worker."""
