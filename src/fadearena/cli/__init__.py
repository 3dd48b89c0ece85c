"""
Front door: commands for people and scripts.

Heavy imports stand inside the commands, so that help is quick.
"""
