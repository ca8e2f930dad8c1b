"""The Profile store"""
