"""Toys, books, films, instruments, sport."""

from live_intent.sample.data.kind import COLOURS, Kind

_TOY_BRANDS = "Pipkin | Little Lark | Woodling | Bramble Toys | Tinkerbox"
_PUBLISHERS = "Quillgate Press | Harbour House | Seventh Lantern | Oakleaf Books | Meridian Press"
_AUTHORS = "Ada Merrin | Tomas Velk | June Okafor | Elias Thorne | Priya Nandan | Colm Hartigan"

KINDS = (
    Kind(
        category="Toys > Building and learning",
        count=58,
        price=29,
        brands=_TOY_BRANDS,
        titles=(
            "{brand} {theme} Building Blocks Set, {pieces}, Ages {age}",
            "{brand} Wooden Train Set, {pieces}, Ages {age}",
            "{brand} {theme} Jigsaw Puzzle, {pieces}",
            "{brand} Science Kit for Kids: {topic}, Ages {age}",
            "{brand} Coding Robot for Children, Ages {age}",
        ),
        slots={
            "theme": "Castle | Space Station | Farm | Pirate Ship | Fire Brigade",
            "pieces": "60 Pieces*0.7 | 200 Pieces | 500 Pieces*1.5 | 1000 Pieces*1.9",
            "age": "3+ | 5+ | 8+*1.2",
            "topic": "Volcano | Crystals | Electricity*1.2 | Solar System",
        },
        sentences=(
            "Keeps small hands busy and parents in peace.",
            "Made of wood from managed forests.",
            "Learning that does not look like it.",
        ),
    ),
    Kind(
        category="Toys > Dolls, figures and games",
        count=50,
        price=24,
        brands=_TOY_BRANDS,
        titles=(
            "{brand} Soft Toy {animal}, {size}",
            "{brand} Remote Control {vehicle}, {colour}",
            "{brand} {name} Board Game for {players} Players",
            "{brand} {_house} with Furniture, {colour}",
            "{brand} Card Game {name}, Ages 6+",
        ),
        slots={
            "_house": "Dolls' House*3 | Toy Kitchen*3.5",
            "animal": "Bear | Rabbit | Elephant | Fox | Penguin | Dinosaur",
            "size": "20 cm*0.6 | 35 cm*0.9 | 60 cm*1.6",
            "vehicle": "Car*1.4 | Boat*1.5 | Monster Truck*1.7 | Helicopter*1.8",
            "name": "Harbour Masters | Wolf Island | Quick Crumbs | Kingdom of Clay | Night Market",
            "players": "2 | 2 to 4 | 3 to 6",
            "colour": "Red | Blue | Green | Yellow",
        },
        sentences=("A present that is still played with in March.", "Washes at 30 degrees."),
    ),
    Kind(
        category="Books > Fiction",
        count=69,
        price=14,
        brands=_PUBLISHERS,
        titles=(
            "The {_adjective} {_noun}: A Novel by {author} ({format})",
            "{_noun} of {_place} by {author} ({format})",
            "The {_noun} in {_place}: A {genre} by {author} ({format})",
        ),
        slots={
            "_adjective": "Silent | Last | Glass | Hidden | Salt | Winter | Borrowed",
            "_noun": "Orchard | Lighthouse | Cartographer | Daughter | River | Archive | Garden",
            "_place": "Ashes | Lisbon | Stone | the North | Small Hours | Marrow Street",
            "author": _AUTHORS,
            "genre": "Thriller | Mystery | Romance | Fantasy | Science Fiction Novel",
            "format": "Paperback | Hardcover*1.7 | Audiobook*1.4",
        },
        sentences=(
            "A family, a secret, and a house that keeps both.",
            "You will miss your stop.",
            "Translated into twelve languages.",
            "Her third book, and her best.",
        ),
    ),
    Kind(
        category="Books > Non-fiction",
        count=62,
        price=22,
        brands=_PUBLISHERS,
        titles=(
            "{_subject} for Beginners by {author} ({format})",
            "The {_subject} Handbook, {edition} by {author} ({format})",
            "A Short History of {_topic} by {author} ({format})",
            "The {_diet} Cookbook: {_number} Recipes by {author} ({format})",
        ),
        slots={
            "_subject": "Python Programming | Photography | Gardening | Investing | Yoga"
            " | Machine Learning | Bread Baking | Woodworking | Knitting | Chess",
            "_topic": "the Sea | Money | Medicine | Rome | Tea | Electricity | Language",
            "_diet": "Mediterranean | Vegan | Slow Cooker | Cast Iron | One-Pot | Chinese",
            "_number": "75 | 100 | 150",
            "author": _AUTHORS,
            "edition": "2nd Edition | 3rd Edition",
            "format": "Paperback | Hardcover*1.6 | E-Book*0.6",
        },
        sentences=(
            "Explains what others only name.",
            "With pictures, exercises and answers.",
            "Short chapters, no jargon.",
        ),
    ),
    Kind(
        category="Films > Films and series",
        count=46,
        price=17,
        brands="Lantern Pictures | Northgate Films | Kinovia",
        titles=(
            "{_name} ({medium})",
            "{_name}: {_sub} ({medium})",
            "{_name}: The Complete {_season} ({medium})",
        ),
        slots={
            "_name": "The Cold Harbour | Midnight Courier | Paper Moons | Two Summers | Iron Valley"
            " | Detective Laine | The Lighthouse Keepers | Galaxy Drift | Robot Uncle",
            "_sub": "Director's Cut | Part Two | The Return | Extended Edition",
            "_season": "First Season | Second Season | Series",
            "medium": "DVD*0.7 | Blu-ray | 4K Ultra HD*1.5",
            "genre": "Comedy | Thriller | Drama | Science Fiction | Family Film | Documentary",
        },
        sentences=("A {genre} for a long evening.", "With two hours of extras."),
    ),
    Kind(
        category="Instruments > Guitars and keys",
        count=46,
        price=249,
        brands="Halvorsen | Tamburo | Corda Nova | Meadow & Sons",
        titles=(
            "{brand} {model} Acoustic Guitar, {wood}, {size}",
            "{brand} {model} Electric Guitar, {colour}",
            "{brand} {model} Digital Piano, {keys}, {colour}",
            "{brand} {model} Ukulele, {wood}",
            "{brand} {model} MIDI Keyboard, {keys}",
            "{brand} Guitar Strings, {gauge}",
        ),
        slots={
            "wood": "Spruce | Mahogany*1.1 | Koa*1.5",
            "size": "Full Size | 3/4 Size*0.7",
            "keys": "25 Keys*0.5 | 61 Keys*0.9 | 88 Keys*2",
            "gauge": "Light*0.05 | Medium*0.05 | Heavy*0.05",
            "colour": "Black | Sunburst | White | Red",
        },
        sentences=(
            "Easy to play, hard to outgrow.",
            "Stays in tune.",
            "With headphones socket, for the neighbours' sake.",
        ),
    ),
    Kind(
        category="Sport > Fitness",
        count=58,
        price=39,
        brands="Ironclad | Flexara | Stridewell | Veloq",
        titles=(
            "{brand} Yoga Mat {thick}, Non-Slip, {colour}",
            "{brand} Adjustable Dumbbells, {weight}",
            "{brand} Resistance Bands, Set of {number}",
            "{brand} {model} {_bike} with Display",
            "{brand} Kettlebell {weight}, Cast Iron",
            "{brand} Foam Roller, {colour}",
            "{brand} Jump Rope with Counter, {colour}",
        ),
        slots={
            "_bike": "Exercise Bike*6 | Spin Bike*8",
            "thick": "4 mm*0.7 | 6 mm*0.8 | 10 mm",
            "weight": "10 lb*0.8 | 20 lb*1.2 | 40 lb*2",
            "number": "3*0.5 | 5*0.6",
            "colour": "Purple | Black | Teal | Grey | Pink",
        },
        sentences=("A gym for the living room.", "Does not smell of rubber, and does not slip."),
    ),
    Kind(
        category="Sport > Outdoor and cycling",
        count=65,
        price=69,
        brands="Trailborne | Trekon | Pedalier | Summit & Sea",
        titles=(
            "{brand} {persons} Camping Tent, Waterproof, {colour}",
            "{brand} Sleeping Bag {season}, {colour}",
            "{brand} Bike Helmet with Light, {size}, {colour}",
            "{brand} {model} Mountain Bike {wheel}, {colour}",
            "{brand} LED Headlamp, Rechargeable, {lumen}",
            "{brand} Bicycle Lights Set, USB, {lumen}",
            "{brand} Trekking Poles, {material}",
            "{brand} Inflatable Paddle Board {length}, {colour}",
        ),
        slots={
            "persons": "2-Person*1.3 | 4-Person*2 | 6-Person*3",
            "season": "Summer*0.8 | 3-Season | Winter*1.6",
            "size": "S | M | L",
            "wheel": "26 Inch*7 | 27.5 Inch*8 | 29 Inch*9",
            "lumen": "200 Lumen*0.4 | 400 Lumen*0.5 | 1000 Lumen*0.8",
            "material": "Aluminium*0.8 | Carbon*1.4",
            "length": "10 ft*4 | 11 ft*4.4",
            "colour": COLOURS,
        },
        sentences=(
            "Stands in ten minutes, in the wind too.",
            "Light enough to carry, strong enough to trust.",
        ),
    ),
)
