"""A trained model in a file that needs no Keras: SavedModel, LiteRT, ONNX; see docs/how-to/export.md."""
