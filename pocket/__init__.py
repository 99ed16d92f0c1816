"""The embedded model: the world it draws, its training, its weights. Knows neither engine nor bot.

One function of pixels is shared with the engine, `engine.pictures.edges`: control learns from those maps.

world/      scenes and how they are drawn
words/      what they are called, in seven languages
model/      what the model is made of, and pictures from it
judging/    what is in a picture, by classical vision
training/   the stages; `train.py` goes through them, `gallery.py` makes the sheets of the documentation
weights/, describer/    what was trained
"""
