"""Phones with Chinese titles as shops write them, and their accessories.

The brands are real because the worked example searches for them; models and offers are invented.
"""

from live_intent.sample.data.kind import Kind

_MEMORY = "8GB*0.9 | 12GB | 16GB*1.15"
_STORAGE = "128GB*0.9 | 256GB | 512GB*1.2 | 1TB*1.4"
_COLOUR = "曜石黑 | 雪域白 | 远山蓝 | 松石绿 | 流沙金 | 樱花粉 | 钛灰"
_NETWORK = "全网通5G | 移动联通电信5G | 双卡双待5G"
_TITLES = (
    "{brand}{_model} {memory}+{storage} {colour} {network}手机",
    "{brand}{_model} {network}智能手机 {memory}+{storage} {colour} {_point}",
    "{brand}手机 {_model} {_point} {colour} {memory}+{storage}",
)
_POINTS = "长续航 | 大屏拍照 | 旗舰影像 | 游戏电竞 | 轻薄时尚 | 老人学生 | 快充 | 护眼屏"
_SENTENCES = (
    "官方正品，全国联保，七天无理由退换。",
    "{memory}内存，{storage}存储，日常使用流畅不卡顿。",
    "大电池配合快充，一天一充足够。",
    "夜景拍摄清晰，人像自然。",
    "屏幕明亮护眼，户外阳光下也看得清。",
)


def _phones(brand: str, count: int, price: float, models: str) -> Kind:
    return Kind(
        category="Phones > Smartphones",
        count=count,
        price=price,
        brands=brand,
        titles=_TITLES,
        slots={
            "_model": models,
            "_point": _POINTS,
            "memory": _MEMORY,
            "storage": _STORAGE,
            "colour": _COLOUR,
            "network": _NETWORK,
        },
        sentences=_SENTENCES,
        spread=0.08,
        currency="CNY",
        language="zh",
    )


KINDS = (
    _phones("小米", 30, 3999, "16 | 16 Pro*1.3 | 16 Ultra*1.6 | Civi 6*0.75 | MIX 5*1.4 | 15S*0.9"),
    _phones("红米", 30, 1599, "Note 16 | Note 16 Pro*1.2 | K90*1.6 | Turbo 6*1.3 | 15C*0.5"),
    _phones("华为", 24, 4599, "Mate 90*1.3 | Pura 90*1.2 | nova 16*0.7 | 畅享90*0.35 | 麦芒60*0.4"),
    _phones("荣耀", 22, 2799, "Magic9*1.6 | 500 | 500 Pro*1.3 | X80*0.6 | 畅玩80*0.35"),
    _phones("vivo", 20, 2699, "X300*1.5 | S30 | Y500*0.5 | T6*0.6"),
    _phones("OPPO", 20, 2799, "Find X10*1.6 | Reno18 | A8*0.5 | K15*0.6"),
    _phones(
        "苹果", 18, 6499, "iPhone 19*1.1 | iPhone 19 Pro*1.5 | iPhone 18*0.9 | iPhone SE 5*0.6"
    ),
    _phones("三星", 16, 5499, "Galaxy S28*1.1 | Galaxy Z Flip10*1.3 | Galaxy A58*0.45"),
    _phones("一加", 12, 3299, "17*1.3 | Ace 8*0.8 | Nord 7*0.6"),
    _phones("魅族", 12, 2499, "24*1.3 | 24 Pro*1.6 | 魅蓝22*0.45"),
    Kind(
        category="Phones > Cases",
        count=25,
        price=35,
        brands="小米 | 华为 | 图拉斯通 | 壳先生",
        titles=(
            "{brand}手机壳 {material} 适用{fits} {colour}",
            "{brand}钢化膜 适用{fits} 手机膜 {number}",
        ),
        slots={
            "material": "液态硅胶 | 真皮*1.8 | 透明防摔*0.8 | 磨砂*0.9",
            "fits": "小米16 | 红米Note 16 | 华为Mate 90 | iPhone 19 | vivo X300",
            "colour": "黑色 | 白色 | 蓝色 | 粉色",
            "number": "一片装*0.7 | 两片装 | 三片装*1.2",
        },
        sentences=("四角气囊，防摔耐磨。", "贴合手感好，不影响无线充电。"),
        currency="CNY",
        language="zh",
    ),
    Kind(
        category="Phones > Chargers and cables",
        count=25,
        price=79,
        brands="小米 | 华为 | 电小二郎 | 能量盒",
        titles=(
            "{brand}充电宝 {capacity} {power}快充 {colour}",
            "{brand}充电器 {power} Type-C 快充头 {colour}",
            "{brand}数据线 Type-C {length} {colour}",
        ),
        slots={
            "capacity": "10000毫安*1.2 | 20000毫安*1.7",
            "power": "22.5W*0.8 | 33W | 67W*1.4",
            "length": "1米*0.3 | 2米*0.4",
            "colour": "白色 | 黑色 | 蓝色",
        },
        sentences=("小巧便携，可带上飞机。", "多重保护，充电不发烫。"),
        currency="CNY",
        language="zh",
    ),
    Kind(
        category="Electronics > Headphones > In-ear headphones",
        count=20,
        price=249,
        brands="小米 | 华为 | 漫听 | 声阔海",
        titles=(
            "{brand}真无线蓝牙耳机 {feature} {battery} {colour}",
            "{brand}入耳式耳机 {feature} {colour}",
        ),
        slots={
            "feature": "主动降噪*1.4 | 运动防水 | 游戏低延迟*1.1 | 通话降噪",
            "battery": "24小时续航 | 36小时续航*1.2",
            "colour": "黑色 | 白色 | 浅蓝",
        },
        sentences=("佩戴舒适，久戴不痛。", "低音有力，人声清晰。"),
        currency="CNY",
        language="zh",
    ),
)
