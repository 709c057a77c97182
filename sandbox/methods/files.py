"""Where to download a file."""

from __future__ import annotations

from sandbox.errors import bad_request
from sandbox.media import MAX_DOWNLOAD, base_shape
from sandbox.methods.call import Call, method
from sandbox.people import Json


@method("getFile")
def get_file(call: Call) -> Json:
    """As Bot API `File`; files over 20 MB can't be downloaded by bots."""
    file = call.world.files.get(call.args["file_id"])
    if file is None:
        raise bad_request("invalid file_id")
    if len(file.data) > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {**base_shape(file), "file_path": file.path}
