"""Shoes, clothing, bags, watches and jewellery, beauty."""

from live_intent.sample.data.kind import COLOURS, SIZES, Kind

_SPORT_BRANDS = "Stridewell | Fleetfoot | Altrana | Pacer & Pine | Veloq | Trailborne"
_CLOTHING_BRANDS = (
    "Marlow & Finch | Hadley Row | Cotton Union | Vestra | Northloom | Belmira | Ostin"
)
_BEAUTY_BRANDS = "Belle Aurore | Purely Fern | Saponella | Dermelis | Rosewater Lane"
_SHOE_SIZES = "36 | 37 | 38 | 39 | 40 | 41 | 42 | 43 | 44 | 45"

KINDS = (
    Kind(
        category="Shoes > Running shoes",
        count=69,
        price=95,
        brands=_SPORT_BRANDS,
        titles=(
            "{brand} {model} Running Shoes {wearer}, {colour}",
            "{brand} {model} {wearer} Trail Running Shoes, {colour}",
            "{brand} {model} Road Running Shoes {wearer}, {cushion}, {colour}",
        ),
        slots={
            "wearer": "Women's | Men's | Kids'*0.6",
            "cushion": "Light Cushioning | Max Cushioning*1.2 | Carbon Plate*1.9",
            "colour": "Black | White | Coral | Electric Blue | Lime | Grey",
            "size": _SHOE_SIZES,
        },
        sentences=(
            "Soft under the heel, quick under the toes.",
            "Breathes, and dries overnight.",
            "The sole grips on wet leaves.",
            "Tested over 800 km of road.",
        ),
    ),
    Kind(
        category="Shoes > Everyday shoes",
        count=62,
        price=69,
        brands="Hadley Row | Cobbler & Co | Vestra | Pacer & Pine | Altrana",
        titles=(
            "{brand} {wearer} Leather Sneakers, {colour}",
            "{brand} {wearer} Chelsea Boots, {material}, {colour}",
            "{brand} {wearer} Sandals, {colour}",
            "{brand} {wearer} Waterproof Hiking Boots, {colour}",
            "{brand} {wearer} Slippers, {material}, {colour}",
            "{brand} Women's High Heels, {colour}",
        ),
        slots={
            "wearer": "Women's | Men's | Girls'*0.6 | Boys'*0.6",
            "material": "Suede*1.2 | Leather*1.3 | Wool Felt*0.8",
            "colour": COLOURS,
            "size": _SHOE_SIZES,
        },
        sentences=("Comfortable from the first day.", "Can be resoled.", "True to size."),
    ),
    Kind(
        category="Clothing > Women",
        count=92,
        price=45,
        brands=_CLOTHING_BRANDS,
        titles=(
            "{brand} Women's {season} Dress, {pattern}, {colour}",
            "{brand} Women's {cut} Jeans, {colour}",
            "{brand} Women's {knit} Sweater, {colour}",
            "{brand} Women's Rain Jacket with Hood, {colour}",
            "{brand} Women's Linen Blouse, {pattern}, {colour}",
            "{brand} Women's High Waist Yoga Leggings, {colour}",
        ),
        slots={
            "season": "Summer | Maxi*1.2 | Wrap*1.1 | Cocktail*1.5",
            "pattern": "Floral | Striped | Plain | Polka Dot",
            "cut": "Skinny | Straight | Wide Leg*1.1 | Bootcut",
            "knit": "Cashmere*2.4 | Merino*1.6 | Cotton | Cable Knit*1.1",
            "colour": COLOURS,
            "size": SIZES,
        },
        sentences=(
            "Cut to be worn all day.",
            "With pockets, real ones.",
            "Washes at 30 degrees and needs no iron.",
        ),
    ),
    Kind(
        category="Clothing > Men",
        count=85,
        price=45,
        brands=_CLOTHING_BRANDS,
        titles=(
            "{brand} Men's {fit} Oxford Shirt, {pattern}, {colour}",
            "{brand} Men's {fit} Chinos, {colour}",
            "{brand} Men's {knit} Sweater, {colour}",
            "{brand} Men's Waterproof Jacket, {colour}",
            "{brand} Men's Cotton T-Shirt {pack}, {colour}",
            "{brand} Men's {_suit}, {fit}, {colour}",
        ),
        slots={
            "fit": "Slim Fit | Regular Fit | Relaxed Fit",
            "pattern": "Checked | Striped | Plain",
            "knit": "Merino*1.6 | Lambswool*1.4 | Cotton",
            "_suit": "Wool Suit*5 | Linen Suit*4",
            "pack": "1 Pack*0.4 | 3 Pack*0.8 | 5 Pack*1.1",
            "colour": COLOURS,
            "size": SIZES,
        },
        sentences=(
            "A good fit without a tailor.",
            "Heavy cotton that keeps its shape.",
            "Ready for the office and for the evening after.",
        ),
    ),
    Kind(
        category="Clothing > Outdoor and sport",
        count=46,
        price=65,
        brands="Trailborne | Northloom | Fleetfoot | Veloq",
        titles=(
            "{brand} {wearer} {_down}, {colour}",
            "{brand} {wearer} Running Shorts, {colour}",
            "{brand} {wearer} Fleece Jacket, {colour}",
            "{brand} {wearer} Merino Base Layer, {colour}",
            "{brand} Wool Hiking Socks, {pack}, {colour}",
        ),
        slots={
            "wearer": "Women's | Men's",
            "_down": "Down Jacket*2.2 | Down Vest*1.4",
            "pack": "2 Pack*0.3 | 4 Pack*0.5",
            "colour": COLOURS,
            "size": SIZES,
        },
        sentences=("Warm when wet, light when dry.", "Packs down to the size of a fist."),
    ),
    Kind(
        category="Accessories > Bags",
        count=46,
        price=79,
        brands="Marlow & Finch | Carryall | Trailborne | Belmira",
        titles=(
            "{brand} Leather Tote Bag, {colour}",
            "{brand} Laptop Backpack {volume}, Water Repellent, {colour}",
            "{brand} {luggage} Suitcase, Hard Shell, 4 Wheels, {colour}",
            "{brand} Crossbody Bag, {colour}",
            "{brand} Hiking Backpack {volume}, {colour}",
        ),
        slots={
            "volume": "20 L*0.7 | 30 L*0.9 | 50 L*1.4",
            "luggage": "Cabin Size*1.1 | Medium*1.4 | Large*1.7",
            "colour": COLOURS,
        },
        sentences=(
            "Zips that do not stick, seams that do not give.",
            "Fits under an aeroplane seat.",
        ),
    ),
    Kind(
        category="Accessories > Watches and jewellery",
        count=46,
        price=119,
        brands="Meridian & Vale | Tickwell | Aurelle | Orbita",
        titles=(
            "{brand} {model} Automatic Watch, {strap}, {colour} Dial",
            "{brand} {model} Smartwatch with GPS and Heart Rate, {colour}",
            "{brand} {metal} {piece} with {stone}",
        ),
        slots={
            "strap": "Leather Strap*1.4 | Steel Bracelet*1.6 | Nylon Strap*1.1",
            "colour": "Black | Blue | Silver | Green",
            "metal": "Sterling Silver*0.5 | 14K Gold*2.4 | Rose Gold Plated*0.6",
            "piece": "Necklace | Earrings*0.8 | Bracelet | Ring",
            "stone": "Zirconia | Pearl*1.2 | Sapphire*1.8 | Amethyst",
        },
        sentences=("Comes in a box that makes a present of it.", "Water does it no harm."),
    ),
    Kind(
        category="Beauty > Skin and hair care",
        count=69,
        price=18,
        brands=_BEAUTY_BRANDS,
        titles=(
            "{brand} Moisturising Face Cream with {agent}, {volume}",
            "{brand} {agent} Serum, {volume}",
            "{brand} Shampoo for {hair} Hair, {agent}, {volume}",
            "{brand} Sunscreen Lotion SPF {spf}, {volume}",
            "{brand} Hand Cream with {agent}, {volume}",
        ),
        slots={
            "agent": "Hyaluronic Acid*1.3 | Vitamin C*1.2 | Aloe Vera | Retinol*1.5 | Argan Oil",
            "hair": "Dry | Oily | Coloured | Curly",
            "spf": "30 | 50*1.1",
            "volume": "50 ml*0.8 | 100 ml | 250 ml*1.3",
        },
        sentences=("Without perfume, kind to sensitive skin.", "Not tested on animals."),
    ),
    Kind(
        category="Beauty > Make-up and fragrance",
        count=46,
        price=27,
        brands="Belle Aurore | Rosewater Lane | Noctelle | Aurelle",
        titles=(
            "{brand} Matte Lipstick, {shade}",
            "{brand} Eau de Parfum {note}, {volume}",
            "{brand} Volume Mascara, Black, {proof}",
            "{brand} Eyeshadow Palette, {number} Shades, {shade}",
        ),
        slots={
            "shade": "Rosewood*0.6 | Coral*0.6 | Nude*0.6 | Cherry Red*0.6",
            "note": "Jasmine*2 | Vanilla*2 | Sandalwood*2.2 | Citrus*1.9",
            "volume": "30 ml | 50 ml*1.4 | 100 ml*1.9",
            "proof": "Waterproof*0.6 | Washable*0.5",
            "number": "4*0.8 | 12*1.2 | 18*1.5",
        },
        sentences=("Stays from morning to midnight.", "A little of it goes a long way."),
    ),
)
