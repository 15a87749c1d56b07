"""Gathers the API's views: importing a module adds its views."""

from clinic.api import appointments, catalogue, free_times, openapi
from clinic.api.blueprint import blueprint

__all__ = ["appointments", "blueprint", "catalogue", "free_times", "openapi"]
