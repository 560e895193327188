# ruff: noqa: E501
"""Who makes the sample films, who plays in them, and what viewers say."""

DIRECTORS = (
    "Ilse Karg | Mateo Duarte | Hana Sato | Olu Adebayo | Freya Lindqvist | Pascal Roux | Nadia Benali | Viktor Sándor | "
    "June Abara | Tomasz Wilk | Rina Das | Callum Reid | Yael Amir | Beatriz Nunes | Anton Grell | Mei-Lin Zhou"
)
ACTORS = (
    "Lena Orbach | Samuel Osei | Tilde Maro | Hugo Ferrand | Priya Kaul | Jonah Wick | Carmen Ibarra | Nils Aaberg | Aya Nakata | "
    "Dmitri Volkov | Rosa Quint | Femi Ajayi | Eve Halloran | Luca Serra | Minna Koski | Omar Said | Greta Falk | Theo Blanc"
)
COMMENTS = (
    "Nora: The last ten minutes alone are worth it.",
    "Ben: Too long in the middle, but what a middle.",
    "Ikram: Watched it twice, cried at different places.",
    "Stella: The music stayed with me all week.",
    "Ulf: Not for me, but my mother loved it.",
    "Chidi: Who did the lighting? Give them everything.",
    "Marta: I did not see that turn coming.",
    "Joon: Best seen late, and with good headphones.",
)
