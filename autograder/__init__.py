"""Builds, releases and grades the course's assignments."""
