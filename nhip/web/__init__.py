"""The page shell: layout, components, forms, problem details, languages, static files."""
