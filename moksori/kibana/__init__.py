"""Kibana's saved objects: made from functions, written to config/kibana/, imported by a set-up job.

panels.py    charts, tables and controls as values     objects.py   data view, searches, dashboard
importer.py  sends the file to a Kibana
"""
