from fastapi import FastAPI
from harbourline_common.health import health_router

app = FastAPI(title="{{ cookiecutter.service_name }}")
app.include_router(health_router)
