"""What scenes are called: captions, a module of tables per language, the ways to compose them. No pixels."""
