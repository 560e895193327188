"""Furniture, bedding and lamps, tools, garden."""

from live_intent.sample.data.kind import COLOURS, Kind

_TOOL_BRANDS = "Ironside | Hammerhall | Torqline | Brackwell | Steadfast"
_GARDEN_BRANDS = "Greenwick | Meadowlark | Fernhill | Rootwell"
_FURNITURE_BRANDS = "Nordvik | Hollis Home | Casa Lenta | Timberline | Ostrava"

KINDS = (
    Kind(
        category="Furniture > Living room",
        count=46,
        price=349,
        brands=_FURNITURE_BRANDS,
        titles=(
            "{brand} {seats} Sofa, {fabric}, {colour}",
            "{brand} Armchair with Footstool, {fabric}, {colour}",
            "{brand} Coffee Table, {wood}, {width}",
            "{brand} {shelves} Bookcase, {wood}",
            "{brand} TV Stand {width}, {wood}",
        ),
        slots={
            "seats": "2-Seater*1.4 | 3-Seater*1.9 | Corner*2.8",
            "fabric": "Linen | Velvet*1.1 | Leather*1.8 | Bouclé*1.2",
            "wood": "Oak*0.6 | Walnut*0.8 | Pine*0.4 | White Lacquer*0.4",
            "width": "90 cm | 120 cm*1.2 | 160 cm*1.5",
            "shelves": "3-Tier*0.7 | 5-Tier",
            "colour": COLOURS,
        },
        sentences=(
            "Assembled in half an hour; the tool is in the box.",
            "Solid legs, covers that come off for washing.",
            "Looks like more than it costs.",
        ),
    ),
    Kind(
        category="Furniture > Office chairs and desks",
        count=31,
        price=219,
        brands="Nordvik | Ergona | Timberline | Brackwell",
        titles=(
            "{brand} {model} Ergonomic Office Chair, Mesh Back, {colour}",
            "{brand} Electric Standing Desk {width}, {wood}",
            "{brand} Gaming Chair with Lumbar Support, {colour}",
            "{brand} Computer Desk with Drawers {width}, {wood}",
        ),
        slots={
            "colour": "Black | Grey | White | Red",
            "width": "120 cm | 140 cm*1.15 | 160 cm*1.3",
            "wood": "Oak*1.2 | Walnut*1.3 | White | Black",
        },
        sentences=("Your back will notice by the evening.", "Moves from 70 to 120 cm, quietly."),
    ),
    Kind(
        category="Home > Bedding",
        count=42,
        price=59,
        brands="Dormiva | Cloudrest | Hollis Home | Linnea",
        titles=(
            "{brand} {material} Duvet Cover Set, {bed}, {colour}",
            "{brand} Memory Foam Pillow, {firm}, {number}",
            "{brand} {bed} Mattress, {firm}, Pocket Springs",
            "{brand} Fitted Sheet {bed}, {material}, {colour}",
            "{brand} Weighted Blanket {weight}, {colour}",
        ),
        slots={
            "material": "Cotton | Linen*1.7 | Bamboo*1.3 | Flannel",
            "bed": "Twin*0.8 | Queen | King*1.2",
            "firm": "Soft | Medium | Firm",
            "number": "1 Pack*0.6 | 2 Pack",
            "weight": "12 lb | 15 lb*1.1 | 20 lb*1.3",
            "colour": COLOURS,
        },
        sentences=("Softer with every wash.", "Free of harmful dyes, tested by a laboratory."),
    ),
    Kind(
        category="Home > Lamps",
        count=35,
        price=49,
        brands="Lumbry | Fjordware | Casa Lenta | Glowmere",
        titles=(
            "{brand} {style} Floor Lamp, {colour}",
            "{brand} LED Desk Lamp, Dimmable, {colour}",
            "{brand} {style} Pendant Light, {colour}",
            "{brand} LED Bulb {base}, Warm White, {number}",
        ),
        slots={
            "style": "Industrial | Scandinavian*1.2 | Mid-Century*1.3 | Rattan",
            "colour": "Black | Brass*1.2 | White | Copper*1.2",
            "base": "E26*0.25 | E14*0.25 | GU10*0.22",
            "number": "4 Pack | 6 Pack*1.3 | 10 Pack*1.8",
        },
        sentences=("Warm light that flatters rooms and people.", "Uses 8 W and lasts for years."),
    ),
    Kind(
        category="Tools > Power tools",
        count=58,
        price=109,
        brands=_TOOL_BRANDS,
        titles=(
            "{brand} {volt} Cordless Drill Driver, {kit}",
            "{brand} {volt} Circular Saw, {kit}",
            "{brand} {model} Orbital Sander {power}",
            "{brand} {volt} Impact Driver, {kit}",
            "{brand} {model} Angle Grinder {power}",
            "{brand} {model} Jigsaw {power} with Laser",
        ),
        slots={
            "volt": "12 V*0.8 | 18 V | 20 V*1.1",
            "kit": "Tool Only*0.7 | with 2 Batteries and Charger*1.3 | in Case with 30 Bits*1.1",
            "power": "300 W*0.5 | 600 W*0.7 | 850 W*0.9",
        },
        sentences=(
            "A brushless motor: more work from one charge.",
            "One battery fits all tools of the series.",
            "The light shows where you drill.",
        ),
    ),
    Kind(
        category="Tools > Hand tools",
        count=42,
        price=29,
        brands=_TOOL_BRANDS,
        titles=(
            "{brand} Claw Hammer {weight}, Fibreglass Handle",
            "{brand} {pieces} Screwdriver Set, Magnetic",
            "{brand} {pieces} Socket Wrench Set with Case",
            "{brand} Tape Measure {length}",
            "{brand} Spirit Level {width}, Aluminium",
            "{brand} Tool Box {width}, Lockable",
        ),
        slots={
            "weight": "12 oz*0.6 | 16 oz*0.7 | 20 oz*0.8",
            "pieces": "6-Piece*0.7 | 12-Piece | 40-Piece*1.6 | 108-Piece*2.8",
            "length": "5 m*0.4 | 8 m*0.5 | 10 m*0.6",
            "width": "40 cm*0.7 | 60 cm*0.9 | 100 cm*1.3",
        },
        sentences=("Forged once, kept for life.", "Handles that do not slip in wet hands."),
    ),
    Kind(
        category="Garden > Garden tools and furniture",
        count=58,
        price=59,
        brands=_GARDEN_BRANDS,
        titles=(
            "{brand} Garden Hose {length} with Spray Nozzle",
            "{brand} {volt} Cordless Hedge Trimmer, {kit}",
            "{brand} {_shears} Pruning Shears, {grip}",
            "{brand} Raised Garden Bed, {wood}, {width}",
            "{brand} {seats} Patio Furniture Set, {colour}",
            "{brand} Charcoal Grill {size}, {colour}",
            "{brand} {volt} Cordless Lawn Mower, {kit}",
            "{brand} {seeds} Seeds, Organic, {pack}",
        ),
        slots={
            "length": "15 m*0.5 | 25 m*0.7 | 50 m",
            "volt": "20 V | 40 V*1.6",
            "kit": "Battery Included*1.6 | Tool Only",
            "wood": "Cedar*1.4 | Pine | Steel*1.2",
            "width": "80 cm | 120 cm*1.3 | 180 cm*1.8",
            "seats": "2-Seater*3 | 4-Seater*5 | 6-Seater*7",
            "size": "18 Inch*1.5 | 22 Inch*2.1",
            "colour": "Black | Green | Grey",
            "_shears": "Bypass*0.4 | Anvil*0.4",
            "grip": "Cork Grip | Soft Grip",
            "seeds": "Tomato*0.06 | Basil*0.06 | Lavender*0.07 | Wildflower*0.09 | Sunflower*0.06",
            "pack": "1 Pack | 3 Pack*2.4",
        },
        sentences=(
            "Made for gardens that get rain.",
            "Light to hold, so that an afternoon's work stays pleasant.",
        ),
    ),
)
