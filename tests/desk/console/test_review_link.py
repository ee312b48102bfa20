"""A link from Kibana leads to the review's case, or to the review by itself."""

from django.test import Client

from desk.cases.intake import take
from desk.cases.models import Case
from pipeline.index import Index
from pipeline.index.document import from_tagged
from tests.desk.conftest import Cast, tagged


def test_to_the_case_or_to_the_review_alone(database: str, cast: Cast, index: Index, client: Client) -> None:
    client.force_login(cast.viewer)
    take([tagged(1)])
    index.put([from_tagged(tagged(2, text="다른 리뷰입니다", sentiment="positive")), from_tagged(tagged(3))])
    answer = client.get("/review/shop:1")
    assert answer.headers["Location"] == f"/cases/{Case.objects.get(review_id='shop:1').pk}"
    page = client.get("/review/shop:2", follow=True).content.decode()
    assert "다른 리뷰입니다" in page
    assert "2주나 걸렸습니다" not in page
