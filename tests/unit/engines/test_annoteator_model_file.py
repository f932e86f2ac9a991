from __future__ import annotations

import json

import h5py
import pytest

from backbeat.engines.annoteator.network import check_model_file, file_digest
from backbeat.errors import ModelError


def model_file(path, *layers):
    config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": list(layers)}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    return path


def layer(class_name, **config):
    return {"class_name": class_name, "config": config}


def test_plain_layers_are_let_through(tmp_path):
    zeros = {"class_name": "Zeros", "config": {}}
    dense = layer("Dense", units=6, activation="sigmoid", bias_initializer=zeros)
    check_model_file(model_file(tmp_path / "plain.h5", layer("Conv2D", activation="relu"), layer("Flatten"), dense))


@pytest.mark.parametrize("name", ["Lambda", "Custom>Thing", "TFOpLambda"])
def test_a_layer_that_can_bring_code_is_refused(tmp_path, name):
    with pytest.raises(ModelError, match=f"contains {name}"):
        check_model_file(model_file(tmp_path / "bad.h5", layer("Dense"), layer(name, function=["4wEAAAA=", None, None])))


def test_code_that_is_hidden_deeper_is_refused(tmp_path):
    wrapped = layer("Dense", kernel_initializer={"class_name": "Lambda", "config": {}})
    with pytest.raises(ModelError, match="Lambda"):
        check_model_file(model_file(tmp_path / "bad.h5", wrapped))


@pytest.mark.parametrize("activation", ["os_system", {"class_name": "function", "config": "x"}, ["a"]])
def test_an_unknown_activation_is_refused(tmp_path, activation):
    with pytest.raises(ModelError, match=r"contains .*(activation|function)"):
        check_model_file(model_file(tmp_path / "bad.h5", layer("Dense", activation=activation)))


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x89HDF\r\n\x1a\n" + bytes(64)])
def test_a_file_that_is_no_model_is_refused_with_what_to_do(tmp_path, content):
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a Keras model") as caught:
        check_model_file(path)
    assert "models fetch" in caught.value.advice


def test_an_hdf5_file_without_a_model_is_refused(tmp_path):
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["x"] = [1, 2]
    with pytest.raises(ModelError, match="not a Keras model"):
        check_model_file(tmp_path / "weights.h5")


def test_the_digest_is_the_files_sha256(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert file_digest(tmp_path / "x").startswith("ba7816bf8f01cfea")
