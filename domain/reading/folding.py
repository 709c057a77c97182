"""Folding: one shape for texts that say the same.

Width, capitals and traditional characters are folded one to one, so that offsets stay true;
what is invisible or piled up (marks, bidi controls, joiners) is taken out and remembered.

The table of traditional characters is our own, of those that speak of homes, streets, people
and offices. Ready-made converters were left out: zhconv ships MediaWiki's GPL data,
opencc-python-reimplemented is no longer kept, and both convert whole documents, by phrase and
without offsets, where we only need to recognise words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARACTERS = 4096  # a Telegram message; anything longer is cut

# Pairs: traditional, simplified. Cantonese and variant characters at the end.
PAIRS = """
樓楼號号單单層层棟栋園园區区鄉乡鎮镇莊庄場场廠厂廣广廳厅廚厨衛卫間间門门鎖锁窗窗牆墙頂顶臺台階阶
梯梯電电燈灯線线纜缆網网綫线開开關关閉闭閘闸錶表壓压變变壞坏損损裂裂爛烂鬆松緊紧斷断響响動动靜静聲声
噪噪吵吵鬧闹雜杂亂乱擺摆攤摊販贩賣卖買买貨货價价錢钱費费帳账賬账貴贵賤贱賠赔償偿貼贴補补繳缴納纳
水水漏漏滲渗溼湿濕湿淹淹溝沟渠渠澆浇灑洒潑泼濺溅溫温熱热涼凉凍冻冷冷氣气煙烟霧雾塵尘髒脏臭臭
燒烧燃燃爐炉竈灶焚焚燙烫滅灭災灾險险危危傷伤殺杀死死屍尸體体藥药醫医療疗護护診诊暈晕嘔呕瀉泻
車车輛辆轎轿軌轨輪轮輕轻轉转載载軟软較较軸轴輔辅輸输輛辆駛驶駕驾騎骑馬马驗验騙骗驚惊騷骚驅驱
路路燈灯橋桥樁桩樹树葉叶枝枝條条極极機机構构標标樣样橫横欄栏權权檔档檢检櫃柜棄弃
紅红綠绿黃黄藍蓝顏颜藝艺蟲虫螞蚂蟻蚁蠅蝇蟑蟑蜂蜂貓猫雞鸡鴨鸭鵝鹅魚鱼鳥鸟豬猪
鄰邻鄰邻裡里裏里邊边遠远進进過过達达運运還还這这遲迟選选適适遺遗遊游違违連连
門门問问閒闲聞闻閱阅闊阔闖闯闆板闡阐阻阻陽阳陰阴隊队際际隨随險险隱隐陸陆
話话說说講讲請请謝谢談谈論论證证議议護护讓让讀读設设許许訪访訴诉詢询試试該该詳详誌志認认誤误語语諮咨調调諒谅謹谨識识譯译訊讯記记訂订計计討讨訓训託托詐诈詞词誠诚課课誰谁諾诺謊谎謠谣
個个們们備备傳传價价傷伤億亿優优傭佣僅仅儀仪債债傾倾偵侦側侧係系倫伦倉仓內内來来俠侠
兒儿兩两冊册凈净淨净準准幾几創创劃划則则剛刚剎刹劑剂劇剧劉刘勁劲勞劳務务勝胜勢势勸劝匯汇
醫医協协卻却壓压厭厌參参雙双發发髮发變变敘叙號号員员問问啟启啞哑喪丧喬乔嗆呛嗚呜嘆叹嘗尝噴喷嚇吓嚴严嚮向囉啰囑嘱
國国圍围園园圓圆圖图團团執执堅坚報报塊块塗涂塢坞墊垫墜坠墮堕壩坝壯壮壽寿夠够夢梦夾夹
奪夺奮奋婦妇媽妈嫗妪孫孙學学孿孪寧宁寶宝實实寫写審审寬宽對对導导將将專专尋寻屆届屜屉屬属
崗岗島岛嶺岭巖岩岳岳巢巢帥帅師师帶带幀帧幣币幫帮幹干乾干庫库廁厕廈厦廟庙廢废應应廠厂
張张強强彈弹彎弯後后從从徑径徵征復复複复徹彻恆恒悶闷惡恶惱恼愛爱態态慘惨慣惯慮虑慶庆憂忧憤愤憐怜憲宪懶懒懷怀懸悬戀恋戲戏
戶户拋抛挾挟捨舍掃扫掛挂採采揚扬換换揮挥損损搖摇搶抢摟搂摺折撈捞撐撑撥拨撲扑擁拥擇择擊击擋挡據据擠挤擴扩擾扰攔拦攜携
敗败敵敌數数斃毙斂敛斷断無无舊旧時时晝昼暫暂曉晓曬晒書书會会東东業业
樂乐楊杨榮荣構构槍枪樁桩樑梁櫻樱歐欧歡欢歲岁歸归歷历曆历殘残殭僵毀毁氈毡氫氢決决沒没況况洩泄
湯汤測测渾浑滿满滾滚漁渔漢汉漲涨漸渐潔洁潛潜潤润澤泽濁浊濃浓濟济瀏浏濫滥濱滨灘滩灣湾
為为烏乌無无煉炼煩烦營营燦灿爭争爺爷爾尔牽牵犧牺狀状猶犹獄狱獎奖獨独獸兽獻献
現现環环瑪玛產产畝亩畢毕異异當当疊叠瘋疯瘡疮癢痒癱瘫癌癌皺皱盜盗盞盏盡尽監监盤盘眾众睏困矚瞩
礙碍碼码磚砖礎础礦矿禮礼禍祸稅税種种穩稳積积穢秽窮穷窺窥竊窃競竞筆笔節节範范築筑簡简簽签籃篮籠笼籬篱
糞粪糾纠紀纪約约紅红純纯紙纸級级紛纷細细終终組组結结給给絡络統统絕绝絲丝經经維维緊紧緒绪線线緣缘編编緩缓練练縣县縫缝總总績绩繞绕繩绳繫系繼继續续纏缠
罰罚罵骂罷罢羅罗聖圣聯联聰聪職职聽听聾聋肅肃脅胁脈脉脫脱腎肾腦脑腫肿腳脚腸肠膚肤膠胶臉脸臨临臟脏
與与興兴舉举艙舱艦舰艱艰蘭兰處处虛虚蘋苹蓋盖蒼苍蔣蒋蕭萧薦荐蘇苏莖茎華华萬万著着
蝦虾蠍蝎蠶蚕術术衝冲補补裝装製制複复褲裤襪袜襲袭見见規规視视親亲覺觉覽览觀观觸触
貝贝負负財财貢贡貧贫責责貪贪貫贯貴贵貸贷貿贸賀贺賃赁資资賊贼賓宾賞赏賢贤賦赋質质賭赌購购賽赛贈赠贊赞讚赞贏赢趕赶趙赵跡迹蹟迹踐践蹤踪躍跃躲躲
軍军軒轩輩辈輯辑轟轰轄辖辦办辭辞辯辩農农迴回逕径遞递遷迁遼辽邏逻郵邮鄭郑鄧邓醜丑醬酱釀酿釋释
針针釘钉釣钓鈔钞鈴铃鉤钩鉛铅銀银銅铜銷销鋁铝鋪铺鋼钢錄录錢钱錯错錫锡鍋锅鍵键鎮镇鏈链鏡镜鐘钟鍾钟鐵铁鑰钥鑽钻鑼锣鑑鉴鑿凿長长
隻只雖虽雙双離离難难雲云霧雾霉霉靈灵靠靠鞏巩頁页頂顶項项順顺須须預预領领頭头頻频題题額额願愿類类顧顾顯显風风颱台颳刮飄飘飛飞飯饭飲饮飼饲飽饱餓饿餘余館馆餵喂饑饥饞馋
駁驳駐驻駝驼驢驴體体髮发鬍胡魯鲁鮮鲜鯉鲤鳴鸣鴿鸽麥麦麵面麼么黨党齊齐齒齿齡龄龍龙龐庞龜龟鹽盐鹼碱鬥斗鬱郁點点
擔担慫怂慾欲尷尴佔占併并僱雇兇凶冇没啲些喺在嘅的嗰那佢他咗了喐动冚盖睇看搵找俾给畀给攞拿瞓睡嚟来咁这嘢东
唔不嘥废妳你她她祂他牠它甚什麽么裏里衆众閑闲衹只祇只綑捆綁绑迴回週周遶绕噁恶嗎吗嘩哗鏟铲犯犯汙污污污汚污燻熏薰熏
銹锈鏽锈鹹咸壓压鬚须艷艳豔艳鬆松繡绣縮缩緻致綜综綱纲綿绵緝缉繪绘織织繁繁絨绒紗纱紡纺紮扎緬缅
懇恳懲惩憑凭憶忆慚惭慟恸憫悯懼惧愜惬悽凄淒凄惻恻惶惶愴怆慼戚慍愠
滬沪濤涛瀾澜淵渊漬渍漿浆潰溃澇涝潯浔瀋沈瀕濒灤滦瀝沥濾滤灝灏滯滞渦涡湧涌溼湿沖冲汎泛洶汹淚泪淩凌淺浅鹵卤
鋰锂銳锐鋸锯錨锚鍛锻鎚锤錘锤鎊镑鎢钨鍍镀鏢镖鐲镯鐳镭鉗钳鈕钮釦扣鈣钙鈉钠鈍钝鉚铆鋒锋鋤锄
頗颇頸颈頓顿頒颁頌颂頑顽頹颓顆颗顛颠顫颤飢饥飾饰餃饺餅饼饅馒饋馈餐餐養养
駛驶駱骆駭骇騰腾驟骤驛驿驕骄驪骊馳驰馴驯
龔龚鄒邹鄔邬鄺邝鄲郸馮冯譚谭謝谢許许詹詹賀贺賴赖韓韩顧顾錢钱閻阎閔闵關关陳陈陸陆魏魏龍龙葉叶蔣蒋蘇苏蕭萧羅罗聶聂莊庄趙赵鄭郑劉刘吳吴孫孙張张楊杨黃黄盧卢呂吕湯汤溫温歐欧範范紀纪萬万畢毕嚴严
嬰婴妝妆婁娄媧娲嫻娴嬌娇嬸婶孃娘姦奸姍姗
廂厢廊廊弔吊廝厮
幟帜幾几襯衬裝装襖袄裊袅褸褛
蠟蜡蟬蝉蝸蜗螢萤蠻蛮蛻蜕蛺蛱虧亏
籤签籌筹簾帘簍篓箏筝範范篩筛
搗捣撿捡掄抡掙挣撫抚擬拟擲掷攪搅攤摊攬揽攝摄擺摆搧扇揀拣捲卷擰拧攙搀
曠旷曇昙暢畅暉晖
榦干棧栈楓枫櫥橱檯台櫸榉檻槛樸朴橢椭槽槽欖榄櫓橹枴拐椏丫椅椅
窩窝窪洼竄窜竅窍竈灶
監监瞞瞒睜睁瞇眯矇蒙
礪砺磯矶碩硕砲炮硃朱確确
穀谷穫获獲获稱称稈秆穌稣
罐罐羈羁羥羟翹翘聳耸
肇肇膽胆臘腊膩腻膿脓臍脐
蕩荡薔蔷藉借藥药蘿萝蘆芦蒞莅蓮莲蔔卜蔥葱蘊蕴萊莱菸烟薩萨
訃讣訛讹訝讶訟讼詔诏評评詛诅詩诗詭诡詬诟詫诧誇夸誘诱誣诬誨诲誹诽諂谄諄谆諜谍諧谐諱讳諷讽謀谋謂谓謎谜謙谦謬谬譁哗譏讥譜谱譬譬譽誉讎雠讒谗
貳贰貶贬賂赂賄贿賒赊賤贱贅赘贓赃贖赎賜赐貯贮賺赚
趨趋蹌跄躊踌躡蹑踴踊躪躏
邇迩邁迈遙遥遜逊鄙鄙郝郝
釐厘丟丢鬩阋閂闩閑闲閨闺闌阑闐阗闕阙闢辟
雛雏電电霑沾靄霭韌韧韻韵
侖仑傑杰傘伞僑侨僥侥僨偾儘尽儲储儉俭佇伫偽伪俁俣倆俩倀伥傖伧僕仆
劍剑剝剥剷铲劊刽劌刿
勵励勛勋勳勋動动
嘍喽嘖啧嚀咛嚕噜囂嚣囈呓唄呗嗩唢唸念喚唤喲哟嘰叽嘯啸
垵垵壇坛壘垒壙圹壢坜堊垩堯尧塹堑塵尘墳坟
奧奥妝妆奮奋
"""

_CLEAN = "".join(PAIRS.split())
TRADITIONAL: dict[str, str] = {
    a: b for a, b in zip(_CLEAN[::2], _CLEAN[1::2], strict=True) if a != b
}

_DASHES = "‐‑‒–—―−﹣－ー"
_ONE_TO_ONE: dict[int, str] = (
    {code: chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)}
    | {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}
    | {ord(dash): "-" for dash in _DASHES}
    | {ord(a): b for a, b in zip("\u3000\u00a0\t，：；！？（）～", "   ,:;!?()~", strict=True)}
    | {ord(a): b for a, b in TRADITIONAL.items()}
)
_ONE_TO_ONE |= {0x2460 + n: str(n + 1) for n in range(9)}  # ① to ⑨

# Combining marks, joiners, bidi controls, variation selectors, tags, keycap frames, soft hyphens.
_INVISIBLE = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u061c\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\U000e0000-\U000e01ef]+"
)
# Three or more characters with spaces between: 着 火 了.
_SPELLED = re.compile(r"(?:[一-鿿] ){2,}[一-鿿]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, for each of its characters, the offset in the original.

    `offsets` is None while nothing was taken out; `original` is the text as far as it is read.
    """

    text: str
    original: str
    offsets: tuple[int, ...] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets of a stretch of the folded text."""
        if self.offsets is None or start >= end:
            return start, end
        return self.offsets[start], self.offsets[end - 1] + 1

    def literal(self, start: int, end: int) -> str:
        """What the person wrote there."""
        first, last = self.span(start, end)
        return self.original[first:last]


def fold(text: str) -> Folded:
    """The text in its folded shape: narrow, lower case, simplified, nothing invisible."""
    original = text[:MAX_CHARACTERS]
    folded = original.translate(_ONE_TO_ONE)
    gaps = [match.span() for match in _INVISIBLE.finditer(folded)]
    for match in _SPELLED.finditer(folded):
        gaps += [(n, n + 1) for n in range(*match.span()) if folded[n] == " "]
    return _without(folded, original, sorted(gaps)) if gaps else Folded(folded, original, None)


def _without(folded: str, original: str, gaps: list[tuple[int, int]]) -> Folded:
    pieces: list[str] = []
    offsets: list[int] = []
    position = 0
    for start, end in [*gaps, (len(folded), len(folded))]:
        pieces.append(folded[position:start])
        offsets.extend(range(position, start))
        position = end
    return Folded("".join(pieces), original, tuple(offsets))


def fold_word(word: str) -> str:
    """A lexicon's word in the shape that `fold` gives to texts."""
    return fold(word).text
