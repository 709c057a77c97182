"""The catalogue of kinds as a district has edited it; without rows the shipped one holds."""

from typing import Any

from sqlmodel import Field

from models.columns import Json
from models.known import CATALOGUE, Remembered, of_topic


@of_topic(CATALOGUE)
class CatalogueRow(Remembered, table=True):
    """One row of one sheet (kinds, conditions, not_admitted, lexicon), as imported.

    `district` is "" for rows that hold in every district of the deployment.
    """

    __tablename__ = "catalogue_row"

    district: str = Field(primary_key=True)
    sheet: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    position: int
    data: dict[str, Any] = Field(sa_type=Json)
