"""Data in"""
