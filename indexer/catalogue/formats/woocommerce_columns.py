"""The columns of WooCommerce's export in the languages of shops: it translates its header.

Values are not translated (`variable`, `hidden`). Of a column with several names in a language,
versions of WooCommerce differ.
"""

import re
from functools import lru_cache

from indexer.catalogue.formats.shop_format import column_key

# German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian; names as in English are left
# out.
_NAMES = {
    "ID": ("Identyfikator",),
    "Type": ("Typ", "Tipo", "Тип"),
    "SKU": ("Artikelnummer", "UGS", "Артикул"),
    "GTIN, UPC, EAN, or ISBN": (
        "GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN ou ISBN", "GTIN, UPC, EAN o ISBN",
        "GTIN, UPC, EAN, o ISBN", "GTIN, UPC, EAN, ou ISBN", "GTIN, UPC, EAN of ISBN",
        "GTIN, UPC, EAN lub ISBN", "GTIN, UPC, EAN или ISBN",
    ),
    "Name": ("Nom", "Nombre", "Nome", "Naam", "Nazwa", "Имя"),
    "Published": (
        "Veröffentlicht", "Publié", "Publicado", "Pubblicato", "Gepubliceerd", "Opublikowano",
        "Opublikowany", "Опубликован",
    ),
    "Visibility in catalog": (
        "Sichtbarkeit im Katalog", "Visibilité dans le catalogue", "Visibilidad en el catálogo",
        "Visibilità nel catalogo", "Visibilidade no catálogo", "Zichtbaarheid in catalogus",
        "Widoczność w katalogu", "Видимость в каталоге",
    ),
    "Short description": (
        "Kurzbeschreibung", "Description courte", "Descripción corta", "Breve descrizione",
        "Descrição curta", "Korte omschrijving", "Korte beschrijving", "Krótki opis",
        "Краткое описание",
    ),
    "Description": (
        "Beschreibung", "Descripción", "Descrizione", "Descrição", "Beschrijving", "Opis",
        "Описание",
    ),
    "Date sale price starts": (
        "Datum, an dem Angebotspreis beginnt", "Date de début de promo",
        "Día en que empieza el precio rebajado", "Data di partenza del prezzo in saldo",
        "Data de preço promocional começa em", "Startdatum actieprijs",
        "Data rozpoczęcia promocji", "Дата начала действия продажной цены",
    ),
    "Date sale price ends": (
        "Datum, an dem Angebotspreis endet", "Date de fin de promo",
        "Día en que termina el precio rebajado", "Data in cui termina l'offerta",
        "Data de preço promocional termina em", "Einddatum actieprijs",
        "Data zakończenia promocji", "Дата окончания действия продажной цены",
    ),
    "In stock?": (
        "Vorrätig?", "En stock ?", "¿En inventario?", "¿Existencias?", "Em estoque?",
        "Op voorraad?", "W magazynie?", "Na stanie?", "В наличии?",
    ),
    "Stock": (
        "Bestand", "Lager", "Inventario", "Magazzino", "Estoque", "Voorraad", "Stan magazynowy",
        "Запасы",
    ),
    "Sale price": (
        "Angebotspreis", "Tarif promo", "Precio rebajado", "Prezzo in offerta",
        "Preço promocional", "Actieprijs", "Cena promocyjna", "Цена распродажи",
    ),
    "Regular price": (
        "Regulärer Preis", "Tarif régulier", "Precio normal", "Prezzo di listino", "Preço",
        "Reguliere prijs", "Cena", "Cena regularna", "Базовая цена",
    ),
    "Categories": (
        "Kategorien", "Catégories", "Categorías", "Categorie", "Categorias", "Categorieën",
        "Kategorie", "Категории",
    ),
    "Tags": ("Schlagwörter", "Étiquettes", "Etiquetas", "Tag", "Tagi", "Метки"),
    "Images": (
        "Bilder", "Imágenes", "Immagini", "Immagine", "Imagens", "Afbeeldingen", "Obrazki",
        "Изображения",
    ),
    "Parent": (
        "Übergeordnetes Produkt", "Superior", "Genitore", "Ascendente", "Hoofd",
        "Element nadrzędny", "Nadrzędny", "Родительский",
    ),
    "Brands": ("Marken", "Marques", "Marcas", "Marchi", "Merken", "Marki", "Бренды"),
}  # fmt: skip
_OF_ATTRIBUTE = {
    "name": (
        "Attribut {} Name", "Nom de l'attribut {}", "Nombre del atributo {}",
        "Nome dell'attributo {}", "Nome do atributo {}", "Naam eigenschap {}",
        "Nazwa atrybutu {}", "Имя атрибута {}",
    ),
    "value(s)": (
        "Attribut {} Wert(e)", "Valeur(s) de l'attribut {}", "Valor(es) del atributo {}",
        "Valore dell'attributo {}", "Valores do atributo {}", "Waarde eigenschap {}",
        "Wartości atrybutu {}", "Значение(-я) атрибута(-ов) {}", "Значение(-я) аттрибута(-ов) {}",
    ),
    "visible": (
        "Attribut {} Sichtbar", "Attribut {} visible", "Atributo visible {}",
        "Attributo {} visibile", "Visibilidade do atributo {}", "Zichtbare eigenschap {}",
        "Atrybut {} widoczny", "Видимость атрибута {}",
    ),
    "global": (
        "Attribut {} Global", "Atributo global {}", "Attributo {} globale",
        "Globale eigenschap {}", "Atrybut {}: globalny", "Atrybut {} globalny",
        "Глобальный атрибут {}",
    ),
    "default": ("Attribut {} Standard", "Standaardeigenschap {}", "Atributo padrão {}"),
}  # fmt: skip
_ENGLISH = {column_key(name): column_key(english) for english in _NAMES for name in _NAMES[english]}
_PARTS = {
    column_key(name): part for part, names in _OF_ATTRIBUTE.items() for name in names
}  # with {} for the attribute's number
_NUMBER = re.compile(r"(?<!\S)(\d{1,3})(?=:?(?:\s|$))")


@lru_cache(maxsize=4096)
def english_key(column: str) -> str:
    """The key of a column by its English name, whatever the language of its header."""
    key = column_key(column.replace("’", "'"))
    number = _NUMBER.search(key)
    if number is not None:
        part = _PARTS.get(_NUMBER.sub("{}", key, count=1))
        return key if part is None else f"attribute {number[1]} {part}"
    return _ENGLISH.get(key, key)
