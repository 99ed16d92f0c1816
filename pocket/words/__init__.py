"""What scenes are called: one module of tables per language, and the ways to compose them. No pixels."""
