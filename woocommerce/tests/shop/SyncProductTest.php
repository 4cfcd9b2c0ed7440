<?php
/**
 * What becomes of one product of ELMED's in the shop: which field follows ELMED, which stays the merchant's, and what
 * never comes twice.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Sync\ProductMeta;
use WC_Product_Attribute;
use WC_Product_Simple;
use WC_Product_Variable;
use WC_Product_Variation;

require_once __DIR__ . '/SyncCase.php';

final class SyncProductTest extends SyncCase {

	/** @dataProvider stocks */
	public function test_stock_is_whole_packs( ?string $packs, ?int $expected ): void {
		$this->inElmed( 'S', array( 'medicine' => true, 'stock' => $packs ) );
		$this->sync();

		$this->assertSame( $expected, $this->inShop( 'S' )->get_stock_quantity() );
		$this->assertSame( null !== $expected, $this->inShop( 'S' )->managing_stock() );
		$this->assertSame( 0 !== $expected, $this->inShop( 'S' )->is_in_stock() );
	}

	public static function stocks(): array {
		return array( 'whole' => array( '12', 12 ), 'a third of a pack' => array( '2.333', 2 ), 'none' => array( '0', 0 ), 'not kept' => array( null, null ) );
	}

	public function test_no_stock_in_elmed_leaves_the_merchants_count_alone(): void {
		$this->inElmed( 'S', array( 'stock' => null ) );
		$this->sync();
		$product = $this->inShop( 'S' );
		$product->set_manage_stock( true );
		$product->set_stock_quantity( 7 );
		$product->save();
		$this->inElmed( 'OTHER' );
		$this->changeInElmed( Elmed::say( 'product_now', array( 'id' => (int) $product->get_meta( ProductMeta::ID ) ) ), array( 'name' => 'Renamed' ) );
		$this->sync();

		$this->assertSame( array( 7, 'Renamed' ), array( $this->inShop( 'S' )->get_stock_quantity(), $this->inShop( 'S' )->get_name() ) );
	}

	public function test_what_was_not_edited_follows_elmed_and_what_was_stays(): void {
		$one = $this->inElmed( 'ONE', array( 'name' => 'Salt & vinegar', 'description' => 'For <5 years & more.' ) );
		$this->sync();
		$this->changeInElmed( $one, array( 'name' => 'Salt & pepper', 'price' => '5.00', 'description' => 'For <6 years & more.' ) );
		$this->sync();
		$this->assertSame( array( 'Salt &amp; pepper', '5.00' ), array( esc_html( html_entity_decode( $this->inShop( 'ONE' )->get_name() ) ), $this->inShop( 'ONE' )->get_regular_price() ) );
		$this->assertStringContainsString( '6 years', $this->inShop( 'ONE' )->get_description() );

		$edited = $this->inShop( 'ONE' );
		$edited->set_name( 'My own name' );
		$edited->set_regular_price( '5.99' );
		$edited->save();
		$this->changeInElmed( $one, array( 'name' => 'Another', 'price' => '6.00', 'description' => 'New words.' ) );
		$this->sync();
		$this->assertSame( array( 'My own name', '5.99', 'New words.' ), array( $this->inShop( 'ONE' )->get_name(), $this->inShop( 'ONE' )->get_regular_price(), $this->inShop( 'ONE' )->get_description() ) );

		update_option( 'elmed_overwrite_edits', 'yes' );
		$this->sync();
		$this->assertSame( array( 'Another', '6.00' ), array( $this->inShop( 'ONE' )->get_name(), $this->inShop( 'ONE' )->get_regular_price() ) );
	}

	public function test_what_a_scheduled_sync_wrote_without_a_user_is_not_taken_for_an_edit(): void {
		// WordPress filters HTML where nobody is signed in, as in a job.
		kses_init_filters();
		$one = $this->inElmed( 'ONE', array( 'name' => 'A & B', 'description' => "Two lines & more.\n\n<b>bold</b> <script>x</script>" ) );
		$this->sync();
		kses_remove_filters();
		$this->become( 'administrator' );
		$this->changeInElmed( $one, array( 'name' => 'C & D', 'description' => 'Short.' ) );
		$this->sync();

		$this->assertSame( array( 'C & D', 'Short.' ), array( html_entity_decode( $this->inShop( 'ONE' )->get_name() ), $this->inShop( 'ONE' )->get_description() ) );
	}

	public function test_a_price_that_elmed_takes_back_is_gone_and_the_merchants_own_stays(): void {
		$one = $this->inElmed( 'ONE' );
		$two = $this->inElmed( 'TWO' );
		$this->sync();
		$own = $this->inShop( 'TWO' );
		$own->set_regular_price( '9' );
		$own->save();
		$this->changeInElmed( $one, array( 'price' => null ) );
		$this->changeInElmed( $two, array( 'price' => null ) );
		$this->sync();
		$this->assertSame( array( '', false, '9' ), array( $this->inShop( 'ONE' )->get_regular_price(), $this->inShop( 'ONE' )->is_purchasable(), $this->inShop( 'TWO' )->get_regular_price() ) );

		$this->changeInElmed( $one, array( 'price' => '6.00' ) );
		$this->sync();
		$this->assertSame( '6.00', $this->inShop( 'ONE' )->get_regular_price() );
	}

	public function test_the_sale_price_is_the_merchants(): void {
		$one = $this->inElmed( 'ONE' );
		$this->sync();
		$product = $this->inShop( 'ONE' );
		$product->set_sale_price( '3.00' );
		$product->save();
		$this->changeInElmed( $one, array( 'price' => '5.00' ) );
		$this->sync();

		$this->assertSame( array( '5.00', '3.00' ), array( $this->inShop( 'ONE' )->get_regular_price(), $this->inShop( 'ONE' )->get_sale_price() ) );
	}

	/** @dataProvider answersToForeign */
	public function test_a_product_of_the_merchants_own_with_the_sku( string $setting, array $problems, array $price_name_rx ): void {
		update_option( 'elmed_foreign_sku', $setting );
		$own = new WC_Product_Simple();
		$own->set_sku( 'OWN' );
		$own->set_name( 'My own' );
		$own->set_regular_price( '99' );
		$own->save();
		$theirs = $this->inElmed( 'OWN', array( 'medicine' => true ) );
		$this->sync();

		$this->assertSame( $own->get_id(), wc_get_product_id_by_sku( 'OWN' ) );
		$found = $this->inShop( 'OWN' );
		$this->assertSame( $price_name_rx, array( $found->get_regular_price(), $found->get_name(), ProductMeta::requiresPrescription( $found ) ) );
		$this->assertSame( $problems, $this->problemsOf( 'OWN' ) );
		$this->assertSame( 'adopt' === $setting ? 1 : 0, $this->productsOf( $theirs ) );
	}

	public static function answersToForeign(): array {
		return array(
			'report' => array( 'report', array( 'sku_taken' ), array( '99', 'My own', false ) ),
			'skip'   => array( 'skip', array(), array( '99', 'My own', false ) ),
			'adopt'  => array( 'adopt', array(), array( '8.40', 'My own', true ) ),
		);
	}

	public function test_a_variation_can_carry_the_sku_and_a_parent_cannot(): void {
		update_option( 'elmed_foreign_sku', 'adopt' );
		$parent = $this->variable( 'PARENT' );
		$variation = $this->variationOf( $parent, 'VAR' );
		$this->inElmed( 'VAR', array( 'medicine' => true, 'stock' => '3' ) );
		$this->inElmed( 'PARENT' );
		$this->sync();

		$found = wc_get_product( $variation );
		$this->assertSame( array( '8.40', 3, true ), array( $found->get_regular_price(), $found->get_stock_quantity(), ProductMeta::requiresPrescription( $found ) ) );
		$this->assertSame( 'VAR', ProductMeta::sku( $found ) );
		$this->assertSame( array( 'type' ), $this->problemsOf( 'PARENT' ) );
		$this->assertSame( 'Parent', wc_get_product( $parent )->get_name() );
	}

	public function test_a_variation_is_on_prescription_by_its_own_mark_or_by_its_parents(): void {
		$parent = wc_get_product( $this->variable( 'PARENT' ) );
		$child  = wc_get_product( $this->variationOf( $parent->get_id(), 'CHILD' ) );
		$this->assertFalse( ProductMeta::requiresPrescription( $child ) );

		$parent->update_meta_data( ProductMeta::REQUIRES_PRESCRIPTION, 'yes' );
		$parent->save();
		$this->assertTrue( ProductMeta::requiresPrescription( wc_get_product( $child->get_id() ) ) );

		$child->update_meta_data( ProductMeta::REQUIRES_PRESCRIPTION, 'no' );
		$child->save();
		$this->assertFalse( ProductMeta::requiresPrescription( wc_get_product( $child->get_id() ) ) );
	}

	public function test_what_was_thrown_away_stays_thrown_away(): void {
		$one = $this->inElmed( 'ONE' );
		$this->sync();
		$id = $this->inShop( 'ONE' )->get_id();
		wp_trash_post( $id );
		$this->changeInElmed( $one, array( 'price' => '5.00' ) );
		$this->sync();
		$this->assertSame( array( 1, 'trash', '4.25' ), array( $this->productsOf( $one ), get_post_status( $id ), wc_get_product( $id )->get_regular_price() ) );

		wp_untrash_post( $id );
		wp_publish_post( $id );
		$this->sync();
		$this->assertSame( array( 1, '5.00' ), array( $this->productsOf( $one ), wc_get_product( $id )->get_regular_price() ) );
	}

	public function test_retired_is_hidden_and_comes_back_as_it_was(): void {
		$one   = $this->inElmed( 'ONE' );
		$draft = $this->inElmed( 'DRAFT' );
		$this->sync();
		$product = $this->inShop( 'DRAFT' );
		$product->set_status( 'draft' );
		$product->save();
		$this->changeInElmed( $one, array( 'active' => false ) );
		$this->changeInElmed( $draft, array( 'active' => false ) );
		$this->sync();
		$this->assertSame( array( 'draft', false ), array( $this->inShop( 'ONE' )->get_status(), $this->inShop( 'ONE' )->is_purchasable() ) );

		$this->changeInElmed( $one, array( 'active' => true ) );
		$this->changeInElmed( $draft, array( 'active' => true ) );
		$this->sync();
		$this->assertSame( array( 'publish', true, 'draft' ), array( $this->inShop( 'ONE' )->get_status(), $this->inShop( 'ONE' )->is_purchasable(), $this->inShop( 'DRAFT' )->get_status() ) );
	}

	public function test_what_was_retired_before_it_ever_came_does_not_come(): void {
		$one = $this->inElmed( 'ONE' );
		$this->changeInElmed( $one, array( 'active' => false ) );
		$this->assertSame( 1, $this->sync()->counts['skipped'] );
		$this->assertSame( 0, $this->productsOf( $one ) );
	}

	public function test_new_medicines_come_as_drafts_where_the_setting_says_so(): void {
		update_option( 'elmed_new_as_drafts', 'yes' );
		$this->inElmed( 'ONE' );
		$this->sync();
		$this->assertSame( 'draft', $this->inShop( 'ONE' )->get_status() );
	}

	public function test_a_price_in_another_currency_is_not_taken_over_until_the_currencies_agree(): void {
		update_option( 'woocommerce_currency', 'EUR' );
		$this->inElmed( 'ONE' );
		$this->sync();
		$this->assertSame( array( '', array( 'currency' ) ), array( $this->inShop( 'ONE' )->get_regular_price(), $this->problemsOf( 'ONE' ) ) );
		$this->assertFalse( $this->inShop( 'ONE' )->is_purchasable() );

		update_option( 'woocommerce_currency', 'GBP' );
		$this->sync();
		$this->assertSame( array( '4.25', array() ), array( $this->inShop( 'ONE' )->get_regular_price(), $this->problemsOf( 'ONE' ) ) );
	}

	public function test_prices_with_taxes_are_not_put_where_the_shop_adds_taxes(): void {
		update_option( 'woocommerce_calc_taxes', 'yes' );
		update_option( 'woocommerce_prices_include_tax', 'no' );
		$this->inElmed( 'ONE' );
		$this->sync();
		$this->assertSame( array( '', array( 'tax' ) ), array( $this->inShop( 'ONE' )->get_regular_price(), $this->problemsOf( 'ONE' ) ) );

		update_option( 'woocommerce_prices_include_tax', 'yes' );
		$this->sync();
		$this->assertSame( array( '4.25', array() ), array( $this->inShop( 'ONE' )->get_regular_price(), $this->problemsOf( 'ONE' ) ) );
	}

	public function test_a_new_sku_in_elmed_is_the_same_product(): void {
		$one = $this->inElmed( 'OLD' );
		$this->sync();
		$id = $this->inShop( 'OLD' )->get_id();
		$this->changeInElmed( $one, array( 'sku' => 'NEW' ) );
		$this->sync();
		$this->assertSame( array( $id, 0, 1 ), array( wc_get_product_id_by_sku( 'NEW' ), (int) wc_get_product_id_by_sku( 'OLD' ), $this->productsOf( $one ) ) );
	}

	private function variable( string $sku ): int {
		$attribute = new WC_Product_Attribute();
		$attribute->set_name( 'Size' );
		$attribute->set_options( array( 'small', 'large' ) );
		$attribute->set_variation( true );
		$parent = new WC_Product_Variable();
		$parent->set_sku( $sku );
		$parent->set_name( 'Parent' );
		$parent->set_attributes( array( $attribute ) );
		return $parent->save();
	}

	private function variationOf( int $parent, string $sku ): int {
		$variation = new WC_Product_Variation();
		$variation->set_parent_id( $parent );
		$variation->set_attributes( array( 'size' => 'small' ) );
		$variation->set_sku( $sku );
		$variation->set_regular_price( '1' );
		return $variation->save();
	}
}
