"""The stages of ingest, one file each; `app.services.ingest.pipeline` lists them."""
