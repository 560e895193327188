"""Pans, knives, appliances and tableware."""

from live_intent.sample.data.kind import COLOURS, Kind

_COOKWARE_BRANDS = "Hearthstone | Copperline | Maison Belle | Ferrano | Oak & Ember | Castwell"
_APPLIANCE_BRANDS = "Kitchora | Brewster & Hale | Vapora | Lumbry | Thermaine"

KINDS = (
    Kind(
        category="Kitchen > Cookware > Pans and skillets",
        count=54,
        price=39,
        brands=_COOKWARE_BRANDS,
        titles=(
            "{brand} Cast Iron Skillet, {size}, Pre-Seasoned",
            "{brand} Non-Stick Frying Pan {size}, Induction, {colour}",
            "{brand} Stainless Steel Saucepan with Lid, {volume}",
            "{brand} Enamelled Cast Iron Dutch Oven {volume}, {colour}",
            "{brand} Carbon Steel Wok {size}",
            "{brand} {pieces} Cookware Set, {material}",
        ),
        slots={
            "size": "8 Inch*0.7 | 10 Inch*0.9 | 12 Inch | 14 Inch*1.3",
            "colour": "Black | Red | Cream | Blue",
            "volume": "1.5 qt*0.9 | 3 qt*1.2 | 5 qt*1.8 | 7 qt*2.2",
            "pieces": "5-Piece*2.5 | 10-Piece*4 | 12-Piece*4.6",
            "material": "Stainless Steel*1.2 | Hard-Anodised | Copper*1.8",
        },
        sentences=(
            "Goes from the stove into the oven and from there to the table.",
            "Heats evenly and keeps the heat.",
            "Works on gas, electric and induction.",
            "Gets better with every steak.",
        ),
    ),
    Kind(
        category="Kitchen > Knives and tools",
        count=42,
        price=24,
        brands="Copperline | Ferrano | Edgeworth | Oak & Ember",
        titles=(
            "{brand} Chef's Knife {blade}, {steel}",
            "{brand} Bread Knife {blade}, {steel}",
            "{brand} {wood} Cutting Board, {size}",
            "{brand} {tool}, {steel}",
        ),
        slots={
            "blade": "6 Inch*1.3 | 8 Inch*1.8 | 10 Inch*2.2",
            "steel": "Stainless Steel | German Steel*1.3 | Damascus Steel*2.4",
            "wood": "Bamboo*0.8 | Acacia*1.2 | Olive Wood*1.6",
            "size": "Small*0.7 | Medium | Large*1.4",
            "tool": "Garlic Press*0.6 | Vegetable Peeler*0.4 | Kitchen Scissors*0.6 | Whisk*0.5"
            " | Can Opener*0.5 | Box Grater*0.7 | Pizza Cutter*0.5 | Rolling Pin*0.7",
        },
        sentences=(
            "Sharp out of the box and easy to keep so.",
            "Lies well in the hand.",
            "Goes into the dishwasher, though it prefers not to.",
        ),
    ),
    Kind(
        category="Kitchen > Small appliances",
        count=69,
        price=89,
        brands=_APPLIANCE_BRANDS,
        titles=(
            "{brand} {model} {_machine} with Milk Frother, {colour}",
            "{brand} {model} Drip Coffee Maker, {cups}, {colour}",
            "{brand} {model} Electric Kettle {kettle}, {colour}",
            "{brand} {model} Air Fryer {volume}, {colour}",
            "{brand} {model} {_mixer} Stand Mixer, {colour}",
            "{brand} {model} Blender for Smoothies, {power}",
            "{brand} {slices} Toaster, {colour}",
            "{brand} {model} Rice Cooker {cups}",
            "{brand} {model} Hand Blender {power}, {colour}",
        ),
        slots={
            "colour": "Black | White | Stainless Steel*1.1 | Red | Cream",
            "cups": "6 Cups*0.6 | 10 Cups*0.8 | 12 Cups",
            "kettle": "1 L*0.4 | 1.7 L*0.5",
            "slices": "2-Slice*0.4 | 4-Slice*0.7",
            "volume": "3.5 L*0.9 | 5.5 L*1.2",
            "_machine": "Espresso Machine*2.5 | Automatic Espresso Machine*4.5",
            "_mixer": "Tilt-Head*2.5 | Bowl-Lift*3.5",
            "power": "600 W*0.6 | 1000 W*0.9 | 1500 W*1.3",
        },
        sentences=(
            "Ready in a minute, quiet, easy to clean.",
            "Parts that touch food go into the dishwasher.",
            "Switches itself off.",
        ),
    ),
    Kind(
        category="Kitchen > Tableware",
        count=35,
        price=29,
        brands="Maison Belle | Casa Lenta | Clayborne | Fjordware",
        titles=(
            "{brand} {material} Dinner Set, {pieces}, {colour}",
            "{brand} Set of {number} Wine Glasses, {volume}",
            "{brand} Coffee Mug {volume}, {material}, {colour}",
            "{brand} {pieces} Cutlery Set, Stainless Steel",
            "{brand} Insulated Water Bottle {volume}, {colour}",
        ),
        slots={
            "material": "Stoneware | Porcelain*1.3 | Bone China*1.8",
            "pieces": "12-Piece*1.6 | 16-Piece*2 | 24-Piece*2.6",
            "number": "2*0.7 | 4 | 6*1.3",
            "volume": "300 ml*0.6 | 450 ml*0.7 | 750 ml*0.9",
            "colour": COLOURS,
        },
        sentences=("For every day and for guests.", "Stacks well and survives the dishwasher."),
    ),
)
