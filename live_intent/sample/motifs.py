"""What the picture of an item of the sample catalogue shows: a motif by title and category."""

import re
from collections.abc import Mapping

# By the last category: `words of the title: motif; ...; motif of all others`.
_MOTIFS = {
    "Over-ear headphones": "headphones",
    "In-ear headphones": "earbuds",
    "Sports headphones": "earbuds",
    "Kids headphones": "headphones",
    "Studio headphones": "headphones",
    "Gaming headsets": "headphones",
    "Bluetooth speakers": "speaker",
    "Soundbars": "soundbar",
    "Televisions": "screen",
    "Mirrorless cameras": "camera",
    "Action cameras and accessories": "backpack: backpack; memory card: drive; camera",
    "Smartphones": "phone",
    "Senior phones": "phone",
    "Cases": "case",
    "Chargers and cables": "charger",
    "Laptops": "laptop",
    "Tablets and readers": "tablet",
    "Accessories": "mouse: mouse; keyboard: keyboard; monitor: screen; webcam: camera; drive",
    "Printers and supplies": "paper: notebook; printer",
    "Video games": "disc",
    "Consoles and controllers": "charging: charger; controller",
    "Pans and skillets": "saucepan|oven|set: pot; pan",
    "Knives and tools": "board: table; rolling|whisk|opener|press: plate; knife",
    "Small appliances": "espresso|coffee: mug; kettle: kettle; rice: pot; blender",
    "Tableware": "glasses: glass; mug: mug; bottle: flask; plate",
    "Living room": "sofa|armchair: sofa; bookcase: shelf; table",
    "Office chairs and desks": "chair: chair; table",
    "Bedding": "bed",
    "Lamps": "bulb: bulb; lamp",
    "Power tools": "drill",
    "Hand tools": "hammer: hammer; box: suitcase; screwdriver",
    "Garden tools and furniture": "furniture set: sofa; grill: grill; shears: knife; plant",
    "Running shoes": "shoe",
    "Everyday shoes": "boots|slippers: boot; sneakers: shoe; heel",
    "Women": "dress: dress; jeans|leggings: trousers; jacket: jacket; shirt",
    "Men": "chinos|suit: trousers; jacket: jacket; shirt",
    "Outdoor and sport": "shorts|socks: trousers; shirt|layer: shirt; jacket",
    "Bags": "suitcase: suitcase; backpack: backpack; tote",
    "Watches and jewellery": "watch: watch; ring",
    "Skin and hair care": "cream: jar; bottle",
    "Make-up and fragrance": "parfum: perfume; lipstick",
    "Building and learning": "blocks",
    "Dolls, figures and games": "game: dice; soft: teddy; remote: controller; teddy",
    "Fiction": "book",
    "Non-fiction": "book",
    "Films and series": "disc",
    "Guitars and keys": "piano|midi: piano; guitar",
    "Fitness": "bike: bicycle; dumbbell",
    "Outdoor and cycling": "helmet: helmet; mountain bike: bicycle; lamp|lights: lamp; tent",
    "Coffee and tea": "bag",
    "Pantry": "oil: bottle; butter|honey: jar; chocolate: chocolate; bag",
    "Dogs and cats": "food|treats|litter: bag; bed: bed; carrier: tote; paw",
    "Baby care": "stroller: bicycle; monitor: camera; bottle: flask; crib: bed; bodysuit: shirt; "
    "diapers: bag; teddy",
    "Stationery": "notebook|notes|file: notebook; pen",
    "Cleaning and laundry": "vacuum|iron: vacuum; bottle",
    "Personal care": "tooth|shaver: toothbrush; dryer|gun: drill; tablets: jar; box",
}

# Colours by a word of the attribute's value: the first that it contains.
COLOURS = {
    "midnight black": "#2b2f38", "black": "#30343b", "曜石黑": "#30343b", "黑": "#30343b",
    "white": "#eceae4", "雪域白": "#eceae4", "白": "#eceae4", "navy": "#2f4468",
    "electric blue": "#2f6fe4", "ocean blue": "#2c7da0", "远山蓝": "#6d93b8", "浅蓝": "#8fbbdc",
    "blue": "#3f74b5", "蓝": "#3f74b5", "forest green": "#3d6b4f", "mint": "#93cdb4",
    "松石绿": "#4fa39a", "lime": "#a4c639", "teal": "#2f8a8a", "green": "#52935b",
    "burgundy": "#7d2f40", "coral": "#ef7f68", "red": "#c2403c", "樱花粉": "#efb3c0",
    "rose gold": "#d9a48f", "pink": "#e592ac", "粉": "#efb3c0", "purple": "#7f5aa8",
    "orange": "#e58a35", "yellow": "#e6bf3c", "流沙金": "#cfae73", "brass": "#bf9a4a",
    "copper": "#b87346", "sand": "#cdb793", "beige": "#d8c7a6", "cream": "#eadfc4",
    "silver": "#b9bec6", "stainless": "#aeb4bc", "钛灰": "#7e828a", "grey": "#868c95",
    "sunburst": "#b8672e", "oak": "#c09660", "walnut": "#7a563c", "pine": "#d7b783",
}  # fmt: skip
# Of an item without a colour, by its department, so that a shelf is of one family.
_DEPARTMENTS = {
    "Electronics": "#4a5568", "Computers": "#5d6b82", "Phones": "#3f74b5", "Kitchen": "#b8643c",
    "Furniture": "#b08a5c", "Home": "#8c7aa8", "Tools": "#d0913a", "Garden": "#52935b",
    "Shoes": "#5b7f8f", "Clothing": "#7d5f73", "Accessories": "#a0764c", "Beauty": "#d189a0",
    "Toys": "#d97a4a", "Books": "#5b6f9e", "Films": "#6a4f7d", "Instruments": "#96602f",
    "Sport": "#3f8f86", "Groceries": "#8a6b45", "Pets": "#b58a4f", "Baby": "#8bb9c9",
    "Office": "#5f7a8f", "Household": "#58a0b0", "Health": "#5aa38c", "Games": "#5a4fa0",
}  # fmt: skip


def motif(row: Mapping[str, object]) -> str:
    """The motif of an item's picture."""
    rules = _MOTIFS[str(row["category"]).split(" > ")[-1]].split("; ")
    for rule in rules[:-1]:
        words, _, name = rule.partition(": ")
        if re.search(words, str(row["title"]), re.IGNORECASE):
            return name
    return rules[-1]


def colour(row: Mapping[str, object]) -> str:
    """The main colour of an item's picture, as `#rrggbb`."""
    attributes = row["attributes"]
    assert isinstance(attributes, Mapping)
    for name in ("colour", "wood", "material"):
        value = str(attributes.get(name, "")).lower()
        found = next((code for word, code in COLOURS.items() if word in value), None)
        if found:
            return found
    return _DEPARTMENTS[str(row["category"]).split(" > ")[0]]


def picture_name(row: Mapping[str, object]) -> str:
    """The name of the file of an item's picture: `headphones-2f4468.svg`."""
    return f"{motif(row)}-{colour(row)[1:]}.svg"
