from django.urls import path

from toolbox.health import views
from toolbox.metrics.views import metrics

urlpatterns = [
    path("health", views.health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("livez", views.livez, name="livez"),
]
