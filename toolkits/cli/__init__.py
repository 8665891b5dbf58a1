"""The actions of ``manage.py toolkit``."""
