"""Stories: text, numbers, charts, tables and maps over live queries of open data, composed without code."""
