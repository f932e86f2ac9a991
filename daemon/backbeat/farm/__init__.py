"""Jobs done by many computers: the stages of the pipeline as Celery tasks. Extra `farm`; nothing else imports Celery."""
