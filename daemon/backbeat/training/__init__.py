"""How Backbeat's own networks are made, reproducibly (extra `train`), in packages along the path of the data.

`sounds`, `playing`, `backing` and `mixing` make recordings; `segments` and `beats` turn them into files to learn from;
`recogniser`, `fine_tuning` and `beats` learn and export; `evaluation` and `report` say how well. `sources` gathers what is
rendered from; `numbered_files`, `learner` and `onnx_export` are what all trainings do alike.
"""
