from django.urls import path

from toolbox.health import views

urlpatterns = [
    path("health", views.health, name="health"),
    path("livez", views.livez, name="livez"),
]
