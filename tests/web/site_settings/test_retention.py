"""The page on which the retention time is chosen."""

LOG = "/provisioning-log/"


def test_an_administrator_chooses_how_long_personal_data_is_kept(admin_client):
    address = "/settings/configuration/retention/"
    assert address in admin_client.get("/audit-trail/").content.decode()

    page = admin_client.post(address, {"days": "400"}, follow=True).content.decode()
    assert "Saved." in page
    assert 'value="400"' in page
    assert admin_client.post(address, {"days": "0"}).status_code == 422
