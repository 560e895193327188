"""WooCommerce's product export: variations, sales, attributes, what is not published."""

from pathlib import Path

import pytest

from indexer.catalogue.changes.item_changes import ItemChange, read_changes
from indexer.catalogue.items import Item, read_items
from indexer.catalogue.notes import Notes
from indexer.catalogue.reading.catalogue_file import CatalogueSource
from indexer.catalogue.reading.column_map import ColumnMap

HEADER = (
    "ID,Type,SKU,Name,Published,Visibility in catalog,Short description,Description,"
    "Date sale price starts,Date sale price ends,In stock?,Stock,Sale price,Regular price,"
    "Categories,Tags,Images,Parent,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,"
    "Attribute 2 name,Attribute 2 value(s),Attribute 2 visible,Meta: cost\n"
)
EXPORT = HEADER + (
    '9,variation,H-S,"Hoodie - S",1,visible,,,,,1,,,45,,,,id:10,Size,S,,,,,3\n'
    '10,variable,H,Hoodie,1,visible,Warm,"<p>Soft\\ncotton</p>",,,1,,,,"Clothing > Tops, Sale > '
    'A\\, B","a, b","i.jpg, j.jpg",,Size,"S, M\\, wide",1,Fabric,Cotton,1,3\n'
    '11,variation,H-M,"Hoodie - M",1,visible,,,2020-01-01,2020-02-01,backorder,,30,45,,,m.jpg,H,'
    'Size,"M, wide",,,,,3\n'
    "12,simple,B,Boots,1,visible,,,2020-01-01,,0,,20,60,Shoes,,,,Lace,yes,0,,,,3\n"
    "13,simple,D,Draft,-1,visible,,,,,1,,,5,,,,,,,,,,,\n"
    "14,simple,P,Private,0,visible,,,,,1,,,5,,,,,,,,,,,\n"
    "15,simple,X,Hidden,1,hidden,,,,,1,,,5,,,,,,,,,,,\n"
    "16,variable,V,Vest,1,visible,,,,,1,,,,Clothing,,,,Size,S,1,,,,\n"
    "17,variation,Q,Lost - S,1,visible,,,,,1,,,7,,,,id:99,Size,S,,,,,\n"
    '18,"simple, downloadable, virtual",E,Ebook,1,visible,,,,,1,,,2,,,,,,,,,,,\n'
)


def read(text: str, folder: Path) -> tuple[dict[str, Item], Notes]:
    file, notes = folder / "export.csv", Notes()
    file.write_text(text, encoding="utf-8-sig")
    with CatalogueSource(file).open() as catalogue:
        assert catalogue.recognised.format == "woocommerce"
        items = [row for row in read_items(catalogue, notes) if isinstance(row, Item)]
    return {item.item_id: item for item in items}, notes


def test_variations_have_what_their_product_says_wherever_it_stands(tmp_path: Path) -> None:
    items, notes = read(EXPORT, tmp_path)
    assert list(items) == ["9", "11", "12", "16", "17", "18"]
    assert items["9"] == Item(
        "9",
        "Hoodie - S",
        description="Warm\n<p>Soft\ncotton</p>",
        category=("Clothing", "Tops"),
        other_categories=(("Sale", "A, B"),),
        price=45.0,
        image_url="i.jpg",
        attributes={"Size": "S", "Fabric": "Cotton"},
        identifiers=("H-S",),
        group_id="10",
    )
    assert items["11"].attributes == {"Size": ["M", "wide"], "Fabric": "Cotton"}
    assert (items["11"].group_id, items["11"].image_url) == ("10", "m.jpg")
    assert (items["16"].title, items["16"].group_id) == ("Vest", "")
    assert (items["17"].group_id, items["18"].title) == ("99", "Ebook")
    assert notes.left_out == {
        "variable products, whose variations are the items": 1,
        "not published": 2,
        "hidden in the shop": 1,
    }
    assert set(notes.private) == {"Tags", "Meta: cost"}


def test_a_sale_counts_within_its_dates(tmp_path: Path) -> None:
    items, _ = read(EXPORT, tmp_path)
    assert (items["11"].price, items["11"].available) == (45.0, True)
    assert (items["12"].price, items["12"].available) == (20.0, False)
    assert items["12"].attributes == {"regular_price": 60.0}


def test_an_update_takes_the_columns_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("ID,Type,Name,Regular price,In stock?\n12,simple,Boots,55,\n")
    with CatalogueSource(file, ColumnMap(partial=True)).open() as catalogue:
        (change,) = read_changes(catalogue)
    assert isinstance(change, ItemChange)
    assert change.values == {"title": "Boots", "price": 55.0, "available": True}
    file.write_text("ID,Regular price\n12,50\n")
    source = CatalogueSource(file, ColumnMap(partial=True), format="woocommerce")
    with source.open() as catalogue:
        (change,) = read_changes(catalogue)
    assert isinstance(change, ItemChange)
    assert change.values == {"price": 50.0}


HEADERS = {
    "German": "ID;Typ;Artikelnummer;Name;Veröffentlicht;Kurzbeschreibung;Vorrätig?;Angebotspreis;"
    "Regulärer Preis;Kategorien;Schlagwörter;Bilder;Übergeordnetes Produkt;Marken;"
    "Attribut 1 Name;Attribut 1 Wert(e);Attribut 1 Sichtbar;Attribut 1 Global",
    "French": "ID;Type;UGS;Nom;Publié;Description courte;En stock ?;Tarif promo;Tarif régulier;"
    "Catégories;Étiquettes;Images;Parent;Marques;"
    "Nom de l’attribut 1;Valeur(s) de l’attribut 1 ;Attribut 1 visible;Attribut 1 global",
    "Spanish": "ID;Tipo;SKU;Nombre;Publicado;Descripción corta;¿Existencias?;Precio rebajado;"
    "Precio normal;Categorías;Etiquetas;Imágenes;Superior;Marcas;"
    "Nombre del atributo 1;Valor(es) del atributo 1;Atributo visible 1;Atributo global 1",
    "Italian": "ID;Tipo;SKU;Nome;Pubblicato;Breve descrizione;In stock?;Prezzo in offerta;"
    "Prezzo di listino;Categorie;Tag;Immagine;Genitore;Marchi;"
    "Nome dell'attributo 1;Valore dell'attributo 1;Attributo 1 visibile;Attributo 1 globale",
    "Portuguese": "ID;Tipo;SKU;Nome;Publicado;Descrição curta;Em estoque?;Preço promocional;Preço;"
    "Categorias;Tags;Imagens;Ascendente;Marcas;"
    "Nome do atributo 1;Valores do atributo 1;Visibilidade do atributo 1;Atributo global 1",
    "Dutch": "ID;Type;Artikelnummer;Naam;Gepubliceerd;Korte omschrijving;Op voorraad?;Actieprijs;"
    "Reguliere prijs;Categorieën;Tags;Afbeeldingen;Hoofd;Merken;"
    "Naam eigenschap 1;Waarde eigenschap 1;Zichtbare eigenschap 1;Globale eigenschap 1",
    "Polish": "ID;Typ;SKU;Nazwa;Opublikowano;Krótki opis;W magazynie?;Cena promocyjna;Cena;"
    "Kategorie;Tagi;Obrazki;Element nadrzędny;Marki;"
    "Nazwa atrybutu 1;Wartości atrybutu 1;Atrybut 1 widoczny;Atrybut 1: globalny",
    "Russian": "ID;Тип;Артикул;Имя;Опубликован;Краткое описание;В наличии?;Цена распродажи;"
    "Базовая цена;Категории;Метки;Изображения;Родительский;Бренды;"
    "Имя атрибута 1;Значение(-я) аттрибута(-ов) 1;Видимость атрибута 1;Глобальный атрибут 1",
}
ROWS = (
    "\n5;variable;C;Cap;1;Warm;1;;;Clothing > Hats;new;i.jpg;;Acme;Size;S, M;1;1"
    "\n6;variation;C-M;Cap - M;1;;0;19,50;25,00;;;;id:5;;Size;M;;1"
    "\n7;simple;D;Draft;0;;1;;5,00;;;;;;;;;\n"
)


@pytest.mark.parametrize("language", HEADERS)
def test_the_header_may_be_in_the_language_of_the_shop(tmp_path: Path, language: str) -> None:
    items, notes = read(HEADERS[language] + ROWS, tmp_path)
    assert items == {
        "6": Item(
            "6", "Cap - M", description="Warm", brand="Acme", category=("Clothing", "Hats"),
            price=19.5, available=False, image_url="i.jpg", identifiers=("C-M",), group_id="5",
            attributes={"Size": "M", "regular_price": 25.0},
        )
    }  # fmt: skip
    assert notes.left_out["not published"] == 1
    assert len(notes.private) == 1  # the tags
