from __future__ import annotations

from pathlib import Path

from app.db.database import Database, sqlite_url
from app.db.library import SqlLibrary
from tests.unit.api.stand_in import a_video


def test_uploads_are_found_where_the_folder_of_the_library_was_moved_to(tmp_path: Path) -> None:
    old, new = tmp_path / "old" / "uploads", tmp_path / "new" / "uploads"
    (old / "1").mkdir(parents=True)
    (old / "1" / "a.mp4").write_bytes(b"one")
    database = Database(sqlite_url(tmp_path / "longreel.sqlite"))
    database.migrate()
    added = SqlLibrary(database, old).add_video(a_video(b"one", "One", old / "1" / "a.mp4"))
    own = SqlLibrary(database, old).add_video(a_video(b"two", "Two", tmp_path / "films" / "uploads" / "1" / "b.mp4"))
    assert SqlLibrary(database, new).video(added.id).path == added.path
    old.parent.rename(new.parent)
    library = SqlLibrary(database, new)
    assert {video.path for video in library.videos()} == {str(new / "1" / "a.mp4"), own.path}
    library.bin_video(added.id)
    assert library.binned()[0].video.path == str(new / "1" / "a.mp4")
    assert library.restore_video(added.id).path == str(new / "1" / "a.mp4")
    database.close()
