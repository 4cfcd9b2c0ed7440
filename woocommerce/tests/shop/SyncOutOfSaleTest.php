<?php
/**
 * Without the plugin nobody checks a prescription: what needs one is not for sale then, and comes back with the plugin.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Plugin;
use Elmed\WooCommerce\Sync\OutOfSale;
use Elmed\WooCommerce\Sync\ProductMeta;
use Elmed\WooCommerce\Sync\ProductRules;

final class SyncOutOfSaleTest extends TestCase {

	public function test_deactivated_it_takes_what_needs_a_prescription_out_of_the_shop_and_activated_back(): void {
		$medicine   = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		$controlled = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'no', ProductMeta::CONTROLLED => 'yes' ) );
		$cream      = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'no' ) );
		$kept       = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ), 'draft' );
		Plugin::deactivate();
		$this->pluginIsOff();

		$this->assertSame( array( 'draft', false ), $this->standing( $medicine ) );
		$this->assertSame( array( 'draft', false ), $this->standing( $controlled ) );
		$this->assertSame( array( 'publish', true ), $this->standing( $cream ) );

		Plugin::activate();
		$this->assertSame( 'draft', $this->standing( $medicine )[0], 'not before the gate stands' );
		( new OutOfSale() )->putBack();
		$this->assertSame( array( 'publish', 'publish', 'publish', 'draft' ), array_map( fn( $id ) => $this->standing( $id )[0], array( $medicine, $controlled, $cream, $kept ) ) );
		$this->assertFalse( get_option( OutOfSale::COMING_BACK ) );
		$this->assertSame( '', get_post_meta( $medicine, ProductMeta::OUT_OF_SALE, true ) );
	}

	public function test_a_variation_and_the_variations_of_a_marked_product_are_taken_out_too(): void {
		$own      = $this->variable( array(), array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		$inherits = $this->variable( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ), array() );
		Plugin::deactivate();
		$this->pluginIsOff();
		$this->assertSame( array( 'private', false ), $this->standing( $own ) );
		$this->assertFalse( $this->standing( $inherits )[1] );

		Plugin::activate();
		( new OutOfSale() )->putBack();
		$this->assertSame( array( array( 'publish', true ), array( 'publish', true ) ), array( $this->standing( $own ), $this->standing( $inherits ) ) );
	}

	public function test_what_somebody_did_meanwhile_stays_and_a_copy_is_not_published(): void {
		$trashed = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		$copied  = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		Plugin::deactivate();
		wp_trash_post( $trashed );
		$copy = $this->product( array( ProductMeta::OUT_OF_SALE => get_post_meta( $copied, ProductMeta::OUT_OF_SALE, true ) ), 'draft' );
		Plugin::deactivate();
		Plugin::activate();
		( new OutOfSale() )->putBack();

		$this->assertSame( array( 'trash', 'publish', 'draft' ), array_map( fn( $id ) => $this->standing( $id )[0], array( $trashed, $copied, $copy ) ) );
	}

	public function test_an_update_that_switches_it_off_for_seconds_leaves_no_gap(): void {
		$medicine = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		$this->assertTrue( apply_filters( 'upgrader_pre_install', true, array( 'plugin' => 'akismet/akismet.php' ) ) );
		$this->assertSame( 'publish', $this->standing( $medicine )[0] );
		$at = array();
		add_filter(
			'upgrader_pre_install',
			function ( $answer ) use ( $medicine, &$at ) {
				( new OutOfSale() )->putBack();
				$at[] = $this->standing( $medicine )[0];
				return $answer;
			}
		);
		$this->assertTrue( apply_filters( 'upgrader_pre_install', true, array( 'plugin' => plugin_basename( ELMED_WC_FILE ) ) ) );
		$this->assertSame( array( 'draft' ), $at, 'also for a request that comes while it is being switched off' );
		( new OutOfSale() )->putBack();
		$this->assertSame( 'publish', $this->standing( $medicine )[0] );
	}

	public function test_uninstalled_it_leaves_them_out_of_sale(): void {
		$medicine = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		( new \Elmed\WooCommerce\Uninstall() )->run( true );
		$this->assertSame( array( 'draft', 'yes' ), array( $this->standing( $medicine )[0], get_post_meta( $medicine, ProductMeta::REQUIRES_PRESCRIPTION, true ) ) );
	}

	public function test_who_looks_at_the_plugins_is_told_before(): void {
		$said = implode( ' ', ( new OutOfSale() )->say( array( 'Version 1' ), plugin_basename( ELMED_WC_FILE ) ) );
		$this->assertStringContainsString( 'Deactivating takes items on prescription out of the shop', $said );
		$this->assertSame( array( 'Version 1' ), ( new OutOfSale() )->say( array( 'Version 1' ), 'akismet/akismet.php' ) );
	}

	public function test_where_the_plugin_cannot_work_nothing_on_prescription_is_sold(): void {
		$medicine = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'yes' ) );
		$cream    = $this->product( array( ProductMeta::REQUIRES_PRESCRIPTION => 'no' ) );
		$this->pluginIsOff();
		$this->assertTrue( $this->standing( $medicine )[1] );
		ProductRules::closeShop();
		$this->assertSame( array( false, true ), array( $this->standing( $medicine )[1], $this->standing( $cream )[1] ) );
	}

	/** Nothing of the plugin's answers any more, and it is a shopper who asks. */
	private function pluginIsOff(): void {
		wp_set_current_user( 0 );
		remove_all_filters( 'woocommerce_is_purchasable' );
		remove_all_filters( 'woocommerce_variation_is_purchasable' );
	}

	/** @return array{0: string, 1: bool} Its status, and whether it can be bought. */
	private function standing( int $id ): array {
		return array( get_post_status( $id ), wc_get_product( $id )->is_purchasable() );
	}

	private function product( array $meta, string $status = 'publish' ): int {
		$product = new \WC_Product_Simple();
		$product->set_props( array( 'name' => 'A product', 'regular_price' => '10', 'status' => $status ) );
		return $this->marked( $product, $meta );
	}

	/** The id of its one variation. */
	private function variable( array $meta, array $own ): int {
		$parent = new \WC_Product_Variable();
		$parent->set_props( array( 'name' => 'A product', 'status' => 'publish' ) );
		$variation = new \WC_Product_Variation();
		$variation->set_props( array( 'parent_id' => $this->marked( $parent, $meta ), 'regular_price' => '10', 'status' => 'publish' ) );
		return $this->marked( $variation, $own );
	}

	private function marked( \WC_Product $product, array $meta ): int {
		foreach ( $meta as $name => $value ) {
			$product->update_meta_data( $name, $value );
		}
		return $product->save();
	}
}
